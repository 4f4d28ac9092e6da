import type { JsonObject } from '@audital/contracts';
import { type Sealed, WatchedAccount } from './testing/watched-account';

let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
  await account.register();
  await account.poll();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole';
const PARENT = 'arn:aws:sagemaker:eu-west-2:123456789012';

/** What was sealed of one job, after it was made with `spec` and ended. */
async function sealed(spec: JsonObject, ...end: JsonObject[]): Promise<Sealed> {
  await account.run({ type: 'createTrainingJob', name: 'scorer', spec, tags: { Environment: 'production' } });
  await account.passes(600);
  await account.run(...end);
  await account.passes(60);
  await account.poll();
  const events = await account.events();
  expect(events).toHaveLength(1);
  return events[0] as Sealed;
}
const completes = (over: JsonObject = {}): JsonObject => ({ type: 'completeTrainingJob', name: 'scorer', ...over });

it('the whole specification of a job, from the wire into the chain', async () => {
  const spec: JsonObject = {
    AlgorithmSpecification: {
      TrainingImage: 'repo/image@sha256:abc',
      TrainingInputMode: 'FastFile',
      MetricDefinitions: [{ Name: 'auc', Regex: 'auc=(.*)' }],
      ContainerEntrypoint: ['python', 'train.py'],
      ContainerArguments: ['--epochs', '3'],
    },
    HyperParameters: { max_depth: '6', objective: '"binary:logistic"' },
    Environment: { STAGE: 'blue' },
    InputDataConfig: [
      { ChannelName: 'train', DataSource: { S3DataSource: { S3DataType: 'ManifestFile', S3Uri: 's3://data/m' } } },
      {
        ChannelName: 'lustre',
        InputMode: 'File',
        DataSource: {
          FileSystemDataSource: { FileSystemId: 'fs-1', DirectoryPath: '/data', FileSystemType: 'FSxLustre' },
        },
      },
    ],
    OutputDataConfig: { S3OutputPath: 's3://out/base', KmsKeyId: 'key-1', CompressionType: 'NONE' },
    ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 2, VolumeSizeInGB: 50, VolumeKmsKeyId: 'key-2' },
    RoleArn: ROLE,
    VpcConfig: { SecurityGroupIds: ['sg-1'], Subnets: ['subnet-1', 'subnet-2'] },
    EnableNetworkIsolation: true,
    EnableInterContainerTrafficEncryption: true,
    EnableManagedSpotTraining: true,
    StoppingCondition: { MaxRuntimeInSeconds: 3600, MaxWaitTimeInSeconds: 7200 },
    CheckpointConfig: { S3Uri: 's3://checkpoints/base' },
    RetryStrategy: { MaximumRetryAttempts: 2 },
    ExperimentConfig: { ExperimentName: 'e', TrialName: 't' },
    AutoMLJobArn: `${PARENT}:automl-job/auto`,
    LabelingJobArn: `${PARENT}:labeling-job/labels`,
    SomethingOfNextYear: { a: 1 },
  };
  const metrics = [
    { name: 'auc', value: 0.94 },
    { name: 'loss', value: 'NaN' },
  ];
  const { eventType, severity, payload } = await sealed(spec, completes({ metrics, billableShare: 0.5 }));
  expect([eventType, severity]).toEqual(['TRAINING_COMPLETED', 'INFO']);
  expect(payload).toMatchObject({
    trainingJobName: 'scorer',
    trainingJobArn: `${PARENT}:training-job/scorer`,
    trainingJobStatus: 'Completed',
    secondaryStatus: 'Completed',
    failureReason: null,
    algorithmSpecification: {
      trainingImage: 'repo/image@sha256:abc',
      trainingImageDigest: 'sha256:abc',
      trainingInputMode: 'FastFile',
      metricDefinitions: [{ name: 'auc', regex: 'auc=(.*)' }],
      containerEntrypoint: ['python', 'train.py'],
      containerArguments: ['--epochs', '3'],
    },
    hyperParameters: { max_depth: '6', objective: '"binary:logistic"' },
    environment: { STAGE: expect.stringMatching(/^committed:hmac-sha256:[0-9a-f]{64}$/) },
    secretsCommitted: ['/environment/STAGE'],
    inputDataConfig: [
      {
        channelName: 'train',
        dataSource: 's3://data/m',
        dataSourceDetail: { S3DataSource: { S3DataType: 'ManifestFile' } },
      },
      { channelName: 'lustre', dataSource: '/data', inputMode: 'File' },
    ],
    outputDataConfig: { s3OutputPath: 's3://out/base', kmsKeyId: 'key-1', compressionType: 'NONE' },
    modelArtifacts: { s3ModelArtifacts: 's3://out/base/scorer/output/model.tar.gz' },
    resourceConfig: { instanceType: 'ml.m5.xlarge', instanceCount: 2, volumeSizeInGB: 50, volumeKmsKeyId: 'key-2' },
    metrics: { auc: 0.94, loss: 'NaN' },
    roleArn: ROLE,
    vpcConfig: { securityGroupIds: ['sg-1'], subnets: ['subnet-1', 'subnet-2'] },
    enableNetworkIsolation: true,
    enableInterContainerTrafficEncryption: true,
    enableManagedSpotTraining: true,
    stoppingCondition: { maxRuntimeInSeconds: 3600, maxWaitTimeInSeconds: 7200 },
    checkpointConfig: { s3Uri: 's3://checkpoints/base' },
    retryStrategy: { MaximumRetryAttempts: 2 },
    experimentConfig: { ExperimentName: 'e', TrialName: 't' },
    autoMLJobArn: `${PARENT}:automl-job/auto`,
    labelingJobArn: `${PARENT}:labeling-job/labels`,
    environmentName: 'production',
    tagsAtCapture: { Environment: 'production' },
    modelIdentity: { rule: 'TRAINING_JOB_NAME', value: 'scorer' },
    captureGaps: [],
  });
  const transitions = payload.secondaryStatusTransitions as { status: string; endTime: string }[];
  expect(transitions.map(({ status }) => status)).toEqual([
    'Starting',
    'Downloading',
    'Training',
    'Uploading',
    'Completed',
  ]);
  expect(transitions.at(-1)?.endTime).toBe(payload.endedAt);
  expect(payload.billableTimeSeconds).toBe(Math.round(payload.trainingTimeSeconds / 2));
}, 60_000);

it('a heterogeneous cluster that runs an algorithm of the marketplace', async () => {
  const arn = 'arn:aws:sagemaker:eu-west-2:123456789012:algorithm/bought';
  const groups = [
    { InstanceGroupName: 'cpu', InstanceType: 'ml.c5.9xlarge', InstanceCount: 1 },
    { InstanceGroupName: 'gpu', InstanceType: 'ml.p4d.24xlarge', InstanceCount: 3 },
  ];
  const { payload } = await sealed(
    {
      AlgorithmSpecification: { AlgorithmName: arn, TrainingInputMode: 'Pipe' },
      ResourceConfig: { InstanceGroups: groups, VolumeSizeInGB: 100 },
    },
    completes(),
  );
  expect(payload).toMatchObject({
    algorithmSpecification: { trainingImageDigest: null, algorithmName: arn },
    resourceConfig: {
      volumeSizeInGB: 100,
      instanceGroups: [
        { instanceGroupName: 'cpu', instanceType: 'ml.c5.9xlarge', instanceCount: 1 },
        { instanceGroupName: 'gpu', instanceType: 'ml.p4d.24xlarge', instanceCount: 3 },
      ],
    },
    metrics: {},
  });
  expect(payload.algorithmSpecification).not.toHaveProperty('trainingImage');
  expect(payload.resourceConfig).not.toHaveProperty('instanceType');
}, 60_000);

it('one that was stopped for its time, and moved on in statuses that nobody knows yet', async () => {
  await account.run({ type: 'createTrainingJob', name: 'unknown' });
  await account.run({ type: 'moveTrainingJob', name: 'unknown', status: 'Pondering', secondaryStatus: 'DeepThought' });
  const stop = { type: 'stopTrainingJob', name: 'scorer', secondaryStatus: 'MaxRuntimeExceeded' };
  const { severity, payload } = await sealed({}, stop, { type: 'touchTrainingJob', name: 'scorer' });
  expect([severity, payload.trainingJobStatus, payload.secondaryStatus]).toEqual([
    'INFO',
    'Stopped',
    'MaxRuntimeExceeded',
  ]);
  expect(payload.modelArtifacts.s3ModelArtifacts).toBe('');
  // What moves after the end is no second event.
  await account.run({ type: 'touchTrainingJob', name: 'scorer', warmPool: { Status: 'Terminated' } });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
}, 60_000);
