import type { Item } from './collection';
import type { JsonObject } from './json';

export interface Transition {
  status: string;
  startedAt: number;
  endedAt: number | null;
  message: string | null;
}

export interface TrainingJob extends Item {
  arn: string;
  modifiedAt: number;
  /** Any text: AWS adds values to its enums, and collectors must live with them. */
  status: string;
  secondaryStatus: string;
  transitions: Transition[];
  startedAt: number | null;
  endedAt: number | null;
  failureReason: string | null;
  /** Members of the Describe answer as CreateTrainingJob was given them. */
  spec: JsonObject;
  metrics: { name: string; value: number | string; at: number }[];
  warmPool: JsonObject | null;
  billableShare: number;
  /** Tags of a generated job; null: they stand in the region's table. */
  generatedTags: Record<string, string> | null;
}

export function newTrainingJob(
  at: number,
  o: { name: string; arn: string; ordinal: number; spec: JsonObject },
): TrainingJob {
  return {
    ...o,
    createdAt: at,
    modifiedAt: at,
    status: 'InProgress',
    secondaryStatus: 'Starting',
    transitions: [{ status: 'Starting', startedAt: at, endedAt: null, message: 'Starting the training job' }],
    startedAt: null,
    endedAt: null,
    failureReason: null,
    metrics: [],
    warmPool: null,
    billableShare: 1,
    generatedTags: null,
  };
}

const DEFAULT_ALGORITHM = {
  TrainingImage: '764974769150.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-xgboost:1.7-1',
  TrainingInputMode: 'File',
};

/** What CreateTrainingJob demands, where the command left it out. */
export function trainingSpec(name: string, accountId: string, given: JsonObject): JsonObject {
  return {
    AlgorithmSpecification: { ...DEFAULT_ALGORITHM },
    RoleArn: `arn:aws:iam::${accountId}:role/SageMakerExecutionRole`,
    InputDataConfig: [
      {
        ChannelName: 'train',
        DataSource: {
          S3DataSource: {
            S3DataType: 'S3Prefix',
            S3Uri: `s3://${name}-data/train/`,
            S3DataDistributionType: 'FullyReplicated',
          },
        },
        ContentType: 'text/csv',
        CompressionType: 'None',
        RecordWrapperType: 'None',
      },
    ],
    OutputDataConfig: { KmsKeyId: '', S3OutputPath: `s3://ml-artifacts-${accountId}/output` },
    ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 1, VolumeSizeInGB: 30 },
    StoppingCondition: { MaxRuntimeInSeconds: 86_400 },
    EnableNetworkIsolation: false,
    EnableInterContainerTrafficEncryption: false,
    EnableManagedSpotTraining: false,
    ...given,
  };
}

export function moveJob(
  job: TrainingJob,
  at: number,
  to: { status: string; secondaryStatus: string; message?: string },
): void {
  const last = job.transitions[job.transitions.length - 1];
  if (last && last.endedAt === null) last.endedAt = at;
  const terminal = ['Completed', 'Failed', 'Stopped'].includes(to.status);
  const message = to.message ?? `${to.secondaryStatus} the training job`;
  job.transitions.push({ status: to.secondaryStatus, startedAt: at, endedAt: terminal ? at : null, message });
  job.status = to.status;
  job.secondaryStatus = to.secondaryStatus;
  job.modifiedAt = Math.max(job.modifiedAt, at);
  if (to.secondaryStatus === 'Training') job.startedAt ??= at;
  if (terminal) job.endedAt = at;
}

/** A job that was never moved by hand still has the history of a real one: the time since its creation is shared out. */
export function passPhases(job: TrainingJob, at: number): void {
  if (job.transitions.length > 1) return;
  const span = at - job.createdAt;
  const phases: [string, number, string][] = [
    ['Downloading', 0.2, 'Downloading the training image'],
    ['Training', 0.35, 'Training image download completed. Training in progress.'],
    ['Uploading', 0.9, 'Uploading generated training model'],
  ];
  for (const [secondaryStatus, share, message] of phases) {
    moveJob(job, job.createdAt + Math.floor(span * share), { status: 'InProgress', secondaryStatus, message });
  }
}
