import { GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import {
  CreateModelCommand,
  DescribeDataQualityJobDefinitionCommand,
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeMonitoringScheduleCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListEndpointsCommand,
  ListMonitoringExecutionsCommand,
  ListMonitoringSchedulesCommand,
  ListProcessingJobsCommand,
  ListTagsCommand,
} from '@aws-sdk/client-sagemaker';
import {
  admin,
  assume,
  clientsOf,
  refusalOf,
  removeFolder,
  run,
  type Running,
  startHere,
  tempFolder,
} from './testing/harness';

const ENDPOINT = [
  {
    type: 'createModel',
    name: 'm1',
    spec: { PrimaryContainer: { Image: 'repo/image:1', ModelDataUrl: 's3://b/job-1/output/model.tar.gz' } },
  },
  { type: 'createEndpointConfig', name: 'v1', variants: [{ modelName: 'm1', instanceCount: 2 }] },
  { type: 'createEndpointConfig', name: 'v2', variants: [{ modelName: 'm1' }] },
  { type: 'createEndpoint', name: 'prod', configName: 'v1', tags: { Environment: 'production' } },
];
const MONITOR = [
  {
    type: 'createMonitoringSchedule',
    name: 'watch',
    endpointName: 'prod',
    monitoringType: 'DataQuality',
    outputUri: 's3://reports/base',
  },
  {
    type: 'startMonitoringExecution',
    schedule: 'watch',
    processingJobName: 'run-1',
    scheduledAt: '2026-03-02T11:00:00Z',
  },
  {
    type: 'finishMonitoringExecution',
    processingJobName: 'run-1',
    outcome: 'violations',
    violations: [{ feature_name: 'age', constraint_check_type: 'baseline_drift_check', description: 'x' }],
    metrics: [{ name: 'feature_baseline_drift_age', value: 0.42 }],
    kmsKeyArn: 'arn:aws:kms:eu-west-2:123456789012:key/k',
  },
];

describe('operations', () => {
  let folder: string;
  let simulator: Running;
  let clients: ReturnType<typeof clientsOf>;
  beforeEach(async () => {
    folder = tempFolder();
    simulator = await startHere(folder);
    clients = clientsOf(simulator, await assume(simulator));
  });
  afterEach(async () => {
    await simulator.stop();
    removeFolder(folder);
  });

  it('answer what is not found as each of AWS’s operations does', async () => {
    const { sagemaker } = clients;
    const arn = (kind: string) => `arn:aws:sagemaker:eu-west-2:123456789012:${kind}/none`;
    const refusals = await Promise.all([
      refusalOf(sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'none' }))),
      refusalOf(sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: 'none' }))),
      refusalOf(sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'none' }))),
      refusalOf(sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'none' }))),
      refusalOf(sagemaker.send(new DescribeModelCommand({ ModelName: 'none' }))),
      refusalOf(sagemaker.send(new DescribeMonitoringScheduleCommand({ MonitoringScheduleName: 'none' }))),
      refusalOf(sagemaker.send(new DescribeDataQualityJobDefinitionCommand({ JobDefinitionName: 'none' }))),
    ]);
    expect(refusals.map(({ name, message }) => `${name}: ${message}`)).toEqual([
      'ValidationException: Requested resource not found.',
      'ValidationException: Could not find requested job with name: none',
      `ValidationException: Could not find endpoint "${arn('endpoint')}".`,
      `ValidationException: Could not find endpoint configuration "${arn('endpoint-config')}".`,
      `ValidationException: Could not find model "${arn('model')}".`,
      `ResourceNotFound: Could not find resource "${arn('monitoring-schedule')}".`,
      `ResourceNotFound: Could not find resource "${arn('data-quality-job-definition')}".`,
    ]);
  });

  it('that the simulator does not have say so', async () => {
    const { name, message } = await refusalOf(clients.sagemaker.send(new CreateModelCommand({ ModelName: 'x' })));
    expect([name, message]).toEqual(['UnknownOperationException', 'The simulator has no operation CreateModel.']);
    const cbor = await fetch(simulator.url, { method: 'POST', headers: { 'smithy-protocol': 'rpc-v2-cbor' } });
    expect(cbor.status).toBe(415);
  });

  it('show training jobs with metrics that are no numbers, statuses and fields that are not known yet, and times to the millisecond', async () => {
    await run(
      simulator,
      { type: 'createTrainingJob', name: 'job-1', at: '2020-01-01T00:00:00.123Z' },
      {
        type: 'completeTrainingJob',
        name: 'job-1',
        metrics: [
          { name: 'a', value: 'NaN' },
          { name: 'b', value: '-Infinity' },
        ],
      },
      {
        type: 'moveTrainingJob',
        name: 'job-1',
        status: 'Archived',
        secondaryStatus: 'Frozen',
        extra: { QuantumSeed: 7 },
      },
    );
    const job = await clients.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'job-1' }));
    expect(job).toMatchObject({
      TrainingJobStatus: 'Archived',
      SecondaryStatus: 'Frozen',
      CreationTime: new Date('2020-01-01T00:00:00.123Z'),
    });
    expect(job.FinalMetricDataList?.map(({ Value }) => Value)).toEqual([NaN, -Infinity]);
  });

  it('show an endpoint through an update: the pending configuration first, then the switch', async () => {
    const { sagemaker } = clients;
    await run(
      simulator,
      ...ENDPOINT,
      { type: 'settleEndpoint', name: 'prod' },
      { type: 'updateEndpoint', name: 'prod', configName: 'v2' },
    );
    const updating = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'prod' }));
    expect(updating).toMatchObject({
      EndpointStatus: 'Updating',
      EndpointConfigName: 'v1',
      PendingDeploymentSummary: { EndpointConfigName: 'v2' },
      ProductionVariants: [{ VariantName: 'AllTraffic', CurrentWeight: 1, CurrentInstanceCount: 2 }],
    });
    expect(updating.ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage).toMatch(
      /^repo\/image@sha256:[0-9a-f]{64}$/,
    );
    await run(simulator, { type: 'settleEndpoint', name: 'prod' }, { type: 'deleteEndpointConfig', name: 'v2' });
    const { Endpoints } = await sagemaker.send(new ListEndpointsCommand({}));
    expect(Endpoints).toMatchObject([{ EndpointName: 'prod', EndpointStatus: 'InService' }]);
    const config = await sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: 'v1' }));
    expect(config.ProductionVariants).toMatchObject([
      { ModelName: 'm1', InitialInstanceCount: 2, InstanceType: 'ml.m5.large' },
    ]);
    const { Tags } = await sagemaker.send(new ListTagsCommand({ ResourceArn: updating.EndpointArn }));
    expect(Tags).toEqual([{ Key: 'Environment', Value: 'production' }]);
    expect(
      (await refusalOf(sagemaker.send(new ListTagsCommand({ ResourceArn: updating.EndpointArn, MaxResults: 10 }))))
        .message,
    ).toContain('50');
  });

  it('show a monitoring execution as a job, as an execution and in its schedule', async () => {
    const { sagemaker } = clients;
    await run(simulator, ...ENDPOINT, ...MONITOR);
    const { ProcessingJobSummaries } = await sagemaker.send(new ListProcessingJobsCommand({}));
    const exitMessage = 'CompletedWithViolations: Job completed successfully with 1 violations.';
    expect(ProcessingJobSummaries).toMatchObject([
      { ProcessingJobName: 'run-1', ProcessingJobStatus: 'Completed', ExitMessage: exitMessage },
    ]);
    const job = await sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: 'run-1' }));
    expect(job.Environment).toMatchObject({
      sagemaker_endpoint_name: 'prod',
      sagemaker_monitoring_schedule_name: 'watch',
    });
    const executions = await sagemaker.send(
      new ListMonitoringExecutionsCommand({ MonitoringTypeEquals: 'DataQuality' }),
    );
    expect(executions.MonitoringExecutionSummaries).toMatchObject([
      { MonitoringExecutionStatus: 'CompletedWithViolations', ProcessingJobArn: job.ProcessingJobArn },
    ]);
    const { MonitoringScheduleSummaries } = await sagemaker.send(
      new ListMonitoringSchedulesCommand({ EndpointName: 'prod' }),
    );
    expect(MonitoringScheduleSummaries).toMatchObject([
      { MonitoringScheduleName: 'watch', MonitoringScheduleArn: job.MonitoringScheduleArn },
    ]);
    const schedule = await sagemaker.send(new DescribeMonitoringScheduleCommand({ MonitoringScheduleName: 'watch' }));
    expect(schedule.LastMonitoringExecutionSummary?.MonitoringExecutionStatus).toBe('CompletedWithViolations');
  });

  it('find and read metrics in CloudWatch', async () => {
    const { cloudwatch } = clients;
    await run(simulator, ...ENDPOINT, ...MONITOR);
    const Namespace = 'aws/sagemaker/Endpoints/data-metrics';
    const Dimensions = [{ Name: 'MonitoringSchedule', Value: 'watch' }];
    const { Metrics } = await cloudwatch.send(new ListMetricsCommand({ Namespace, Dimensions }));
    expect(Metrics).toHaveLength(1);
    const now = Date.parse((await admin<{ now: string }>(simulator, 'GET clock')).body.now);
    const window = { StartTime: new Date(now - 3_600_000), EndTime: new Date(now + 60_000) };
    const query = (Period: number) =>
      cloudwatch.send(
        new GetMetricDataCommand({
          ...window,
          MetricDataQueries: [
            { Id: 'found', MetricStat: { Metric: Metrics?.[0], Period, Stat: 'Maximum' } },
            { Id: 'none', MetricStat: { Metric: { Namespace, MetricName: 'none' }, Period, Stat: 'Average' } },
          ],
        }),
      );
    const { MetricDataResults } = await query(300);
    expect(MetricDataResults?.map(({ Id, Values }) => [Id, Values])).toEqual([
      ['found', [0.42]],
      ['none', []],
    ]);
    expect(MetricDataResults?.[0]?.Timestamps?.[0]).toBeInstanceOf(Date);
    expect((await refusalOf(query(45))).name).toBe('InvalidParameterValueException');
  });

  it('read reports from S3: 404 for who may list, 403 for who may not, and KMS on top', async () => {
    const { s3 } = clients;
    await run(simulator, ...ENDPOINT, ...MONITOR);
    const report = { Bucket: 'reports', Key: 'base/prod/watch/2026/03/02/11/constraint_violations.json' };
    const { Body, ContentType } = await s3.send(new GetObjectCommand(report));
    expect(JSON.parse((await Body?.transformToString()) ?? '')).toMatchObject({
      violations: [{ feature_name: 'age' }],
    });
    expect(ContentType).toBe('application/json');
    expect((await s3.send(new HeadObjectCommand(report))).ContentLength).toBeGreaterThan(50);
    expect(await refusalOf(s3.send(new GetObjectCommand({ ...report, Key: 'none' })))).toMatchObject({
      name: 'NoSuchKey',
      status: 404,
    });
    expect(await refusalOf(s3.send(new GetObjectCommand({ ...report, Bucket: 'nobody' })))).toMatchObject({
      name: 'NoSuchBucket',
    });
    await admin(simulator, 'POST faults', { denyActions: ['s3:ListBucket'] });
    expect(await refusalOf(s3.send(new GetObjectCommand({ ...report, Key: 'none' })))).toMatchObject({
      name: 'AccessDenied',
      status: 403,
    });
    await admin(simulator, 'POST faults', { denyActions: ['kms:Decrypt'] });
    expect((await refusalOf(s3.send(new GetObjectCommand(report)))).message).toContain('kms:Decrypt');
  });
});
