import type { JsonObject } from '@audital/contracts';
import { EXTERNAL_ID, type Sealed, WatchedAccount } from './testing/watched-account';

const DAY_SECONDS = 24 * 60 * 60;
let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const trains = (name: string, over: JsonObject = {}): JsonObject => ({ type: 'createTrainingJob', name, ...over });
const ends = (name: string): JsonObject => ({ type: 'completeTrainingJob', name });
const trusts = (externalId: string): JsonObject => ({
  type: 'setTrustPolicy',
  role: 'AuditalSageMakerRole',
  policy: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::891377069453:root' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      },
    ],
  },
});
const named = (events: Sealed[]): string[] =>
  events.map(({ eventType, payload }) => `${eventType} ${payload.trainingJobName ?? payload.resourceName}`);

it('tells what ends after it began to look, once each, and a quiet poll costs three List calls', async () => {
  await account.run(trains('runs'), trains('ended'), ends('ended'));
  await account.passes(60);
  await account.register();
  await account.poll();
  expect(await account.events()).toEqual([]);

  await account.run(ends('runs'), trains('short'), { type: 'failTrainingJob', name: 'short', reason: 'No.' });
  await account.run(trains('vanishes'));
  await account.passes(60);
  await account.poll();
  await account.run({ type: 'deleteTrainingJob', name: 'vanishes' }, trains('vanishes'));
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 1 });
  account.restart();
  expect(await account.poll()).toMatchObject({
    observations: 0,
    calls: { ListEndpoints: 1, ListTrainingJobs: 1, ListProcessingJobs: 1 },
  });
  const told = await account.events();
  expect(named(told)).toEqual(['TRAINING_COMPLETED runs', 'TRAINING_COMPLETED short', 'EVIDENCE_LOST vanishes']);
  expect(told.map(({ severity }) => severity)).toEqual(['INFO', 'MEDIUM', 'HIGH']);
}, 60_000);

it('backfills what had ended before, oldest first, resumed page by page, and never twice', async () => {
  const began = await account.now();
  const hours = (count: number): string => new Date(began + count * 3_600_000).toISOString();
  await account.passes(20 * DAY_SECONDS);
  await account.run({
    type: 'addTrainingJobHistory',
    prefix: 'old',
    count: 250,
    from: hours(24),
    to: hours(19 * 24),
    sharedMillisecond: 60,
  });
  await account.register({ backfillDays: 10 });
  expect(await account.poll('BACKFILL')).toMatchObject({ windowTo: null, askAgainInMs: 60_000 });
  await account.poll();

  const first = await account.poll('BACKFILL', 0);
  expect(first).toMatchObject({ kind: 'BACKFILL', outcome: 'OK', askAgainInMs: 0, pages: 1 });
  account.restart();
  await account.poll('BACKFILL', 0);
  const last = await account.poll('BACKFILL');
  expect(last).toMatchObject({ outcome: 'OK', askAgainInMs: null });
  expect(await account.poll('BACKFILL')).toMatchObject({ windowTo: null, askAgainInMs: null, calls: {} });

  const told = await account.events();
  expect(
    told.every(({ captureMode, eventType }) => captureMode === 'BACKFILL' && eventType === 'TRAINING_COMPLETED'),
  ).toBe(true);
  const created = told.map(({ payload }) => payload.createdAt as string);
  expect(created).toEqual([...created].sort());
  expect(created.every((at) => at >= hours(10 * 24))).toBe(true);
  expect(told.length).toBeGreaterThan(100);
  expect(new Set(named(told)).size).toBe(told.length);
}, 120_000);

it('reconciles daily: a job that the list showed too late is found, and nothing is told twice', async () => {
  await account.register();
  await account.poll();
  await account.passes(3_600);
  await account.run(trains('seen'), ends('seen'));
  await account.passes(60);
  await account.poll();
  const hidden = new Date((await account.now()) - 40 * 60_000).toISOString();
  await account.run({ ...trains('late'), at: hidden }, ends('late'));
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ observations: 0 });
  expect(await account.poll('RECONCILE')).toMatchObject({ windowTo: null });

  await account.passes(DAY_SECONDS);
  await account.poll();
  const found = await account.poll('RECONCILE');
  expect(found).toMatchObject({ outcome: 'OK', observations: 1, askAgainInMs: DAY_SECONDS * 1000 });
  await account.passes(DAY_SECONDS);
  await account.poll();
  expect(await account.poll('RECONCILE')).toMatchObject({ outcome: 'OK', observations: 0, items: 2 });
  const told = await account.events();
  expect(named(told)).toEqual(['TRAINING_COMPLETED seen', 'TRAINING_COMPLETED late']);
  expect(told.map(({ payload }) => payload.foundBy)).toEqual([undefined, 'RECONCILIATION']);
}, 60_000);

it('adds the series of a training in a second event, once they are whole, and says so where it may not read them', async () => {
  await account.limit({ metricPointsPerPage: 2 });
  await account.register({ captureMetrics: true });
  await account.poll();
  await account.run(trains('scorer'), trains('denied'));
  await account.passes(3_600);
  const began = (await account.now()) - 1_200_000;
  const point = (minute: number): JsonObject => ({
    name: 'validation:auc',
    dimensions: { TrainingJobName: 'scorer' },
    value: 0.5 + minute / 100,
    at: new Date(began + minute * 60_000).toISOString(),
  });
  const metrics = [{ name: 'validation:auc', value: 0.6 }];
  await account.run(
    { type: 'putMetricData', namespace: '/aws/sagemaker/TrainingJobs', metrics: [point(1), point(2), point(3)] },
    { type: 'completeTrainingJob', name: 'scorer', metrics },
  );
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ observations: 1 });
  await account.passes(300);
  expect((await account.poll()).calls).toMatchObject({ GetMetricData: 2 });
  expect(named(await account.events())).toEqual(['TRAINING_COMPLETED scorer']);
  await account.passes(300);
  await account.poll();
  const [, told] = await account.events();
  expect(told).toMatchObject({
    eventType: 'TRAINING_METRICS',
    payload: { settledBy: 'UNCHANGED', series: [{ metric: 'validation:auc', points: [{}, {}, {}] }], captureGaps: [] },
  });

  await account.run(ends('denied'), { type: 'setFaults', denyActions: ['cloudwatch:GetMetricData'] });
  await account.passes(60);
  await account.poll();
  await account.passes(300);
  await account.run(trusts('aud_ext_of_somebody_else'), { type: 'expireSessions' });
  expect(await account.poll()).toMatchObject({ outcome: 'ACCESS_LOST', observations: 0 });
  await account.run(trusts(EXTERNAL_ID));
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 1 });
  expect((await account.poll()).calls).not.toHaveProperty('GetMetricData');
  expect((await account.events()).at(-1)).toMatchObject({
    eventType: 'TRAINING_METRICS',
    payload: { settledBy: 'NOT_READ', captureGaps: [{ permission: 'cloudwatch:GetMetricData' }] },
  });
}, 60_000);

it('tells starts where they are asked for, and takes new credentials when AWS drops the old ones', async () => {
  await account.run(trains('before'));
  await account.register({ captureTrainingStarted: true, filters: { namePrefix: 'scorer', tags: { Team: 'a' } } });
  await account.poll();
  const mine = { tags: { Team: 'a' } };
  await account.run(trains('scorer-1', mine), trains('scorer-2'), trains('other', mine), { type: 'expireSessions' });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK' });
  await account.run(trains('scorer-3', mine), ends('scorer-3'), { type: 'deleteTrainingJob', name: 'scorer-2' });
  await account.passes(60);
  await account.poll();
  await account.run({ type: 'deleteTrainingJob', name: 'scorer-1' });
  await account.passes(15 * 60);
  await account.poll();
  expect(named(await account.events())).toEqual([
    'TRAINING_STARTED scorer-1',
    'TRAINING_STARTED scorer-3',
    'TRAINING_COMPLETED scorer-3',
    'EVIDENCE_LOST scorer-1',
  ]);
}, 60_000);

it('follows changed filters: what leaves is dropped silently, what enters is registered, and nothing old is told as new', async () => {
  const mine = { tags: { Team: 'a' } };
  await account.run(trains('old-x'), ends('old-x'), trains('x-runs', mine), trains('y-runs', mine));
  await account.run(
    { type: 'createModel', name: 'm', spec: { PrimaryContainer: { Image: 'xgboost' } } },
    { type: 'createEndpointConfig', name: 'c', variants: [{ modelName: 'm' }] },
    { type: 'createEndpoint', name: 'x-live', configName: 'c', ...mine },
    { type: 'settleEndpoint', name: 'x-live' },
    { type: 'createEndpoint', name: 'y-live', configName: 'c', ...mine },
    { type: 'settleEndpoint', name: 'y-live' },
  );
  await account.register({ filters: { namePrefix: 'x-', tags: {} } });
  await account.passes(60);
  await account.poll();
  await account.run(trains('y-short'), ends('y-short'));
  await account.change({ filters: { namePrefix: 'y-', tags: { Team: 'a' } } });
  await account.passes(60);
  await account.poll();
  await account.run(ends('x-runs'), ends('y-runs'), { type: 'deleteEndpoint', name: 'x-live' });
  await account.run({ type: 'settleEndpoint', name: 'x-live' });
  await account.passes(60);
  await account.poll();
  await account.change({ filters: { namePrefix: null, tags: {} } });
  await account.poll();
  const told = await account.events();
  expect(
    told.map(
      ({ eventType, payload }) =>
        `${eventType} ${payload.kind ?? ''} ${payload.endpointName ?? payload.trainingJobName}`,
    ),
  ).toEqual(['DEPLOYMENT BASELINE x-live', 'DEPLOYMENT BASELINE y-live', 'TRAINING_COMPLETED  y-runs']);
}, 60_000);

it('fails where the tags that it filters by cannot be read, and tells the rest where something else is denied', async () => {
  await account.register({ filters: { namePrefix: null, tags: { Team: 'a' } } });
  await account.poll();
  await account.run(trains('job', { tags: { Team: 'a' } }), ends('job'), {
    type: 'setFaults',
    denyActions: ['sagemaker:ListTags'],
  });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'ACCESS_LOST', windowTo: null, observations: 0 });
  await account.run({
    type: 'setFaults',
    denyActions: ['sagemaker:DescribeTrainingJob', 'sagemaker:ListProcessingJobs'],
  });
  expect(await account.poll()).toMatchObject({ outcome: 'ACCESS_LOST', observations: 1 });
  await account.run({ type: 'setFaults' });
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
  expect(await account.events()).toMatchObject([
    { payload: { trainingJobStatus: 'Completed', captureGaps: [{ permission: 'sagemaker:DescribeTrainingJob' }] } },
  ]);
}, 60_000);

it('sees the models of inference components come and go, and asks in vain where it may not', async () => {
  await account.register();
  await account.poll();
  await account.run(
    { type: 'createEndpointConfig', name: 'c', variants: [{ instanceType: 'ml.g5.xlarge' }] },
    { type: 'createEndpoint', name: 'llm', configName: 'c' },
    { type: 'settleEndpoint', name: 'llm' },
  );
  await account.passes(60);
  await account.poll();
  const component = { name: 'base', endpointName: 'llm' };
  await account.run({ type: 'createInferenceComponent', ...component, modelName: 'm1' });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ observations: 1 });
  await account.run({ type: 'moveInferenceComponent', name: 'base', copies: 5 });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ observations: 0 });
  await account.run({ type: 'setFaults', denyActions: ['sagemaker:ListInferenceComponents'] });
  await account.run({ type: 'moveInferenceComponent', name: 'base', modelName: 'm2' });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
  await account.run({ type: 'setFaults' });
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 1 });
  expect(
    (await account.events()).map(({ payload }) => [payload.kind, payload.previousModelName, payload.modelName]),
  ).toEqual([
    ['CREATED', null, null],
    ['UPDATED', null, 'm1'],
    ['UPDATED', 'm1', 'm2'],
  ]);
}, 60_000);

describe('monitors', () => {
  const URI = 's3://reports/monitoring';
  const violations = (kind: string): JsonObject[] =>
    ({
      DataQuality: [
        {
          feature_name: 'debt',
          constraint_check_type: 'baseline_drift_check',
          description: 'Baseline drift distance: 0.42 exceeds threshold: 0.3',
        },
      ],
      ModelBias: [
        {
          facet: 'Age',
          facet_value: '1',
          metric_name: 'DI',
          constraint_check_type: 'bias_drift_check',
          description: 'Value 0.0751 does not meet the constraint requirement',
        },
      ],
    })[kind] ?? [];
  const schedule = (name: string, monitoringType: string): JsonObject => ({
    type: 'createMonitoringSchedule',
    name,
    endpointName: 'scorer',
    monitoringType,
    outputUri: URI,
    baselineUri: `${URI}/baseline`,
  });
  const starts = (name: string): JsonObject => ({
    type: 'startMonitoringExecution',
    schedule: name,
    processingJobName: `run-of-${name}`,
  });
  const finds = (name: string, over: JsonObject): JsonObject => ({
    type: 'finishMonitoringExecution',
    processingJobName: `run-of-${name}`,
    ...over,
  });

  it('tells what each found from the report, and what failed; clean, merge and baseline runs are silent', async () => {
    await account.run(
      schedule('data', 'DataQuality'),
      schedule('bias', 'ModelBias'),
      schedule('shap', 'ModelExplainability'),
      schedule('quality', 'ModelQuality'),
    );
    await account.run({
      type: 'putObject',
      bucket: 'reports',
      key: 'monitoring/baseline/constraints.json',
      body: {
        post_training_bias_metrics: {
          facets: { Age: [{ value_or_threshold: '1', metrics: [{ name: 'DI', value: 0.01 }] }] },
        },
      },
    });
    await account.register({ filters: { namePrefix: 'scorer', tags: {} } });
    await account.poll();
    await account.run(starts('data'), starts('bias'), starts('shap'), starts('quality'), {
      type: 'createProcessingJob',
      name: 'baseline',
    });
    await account.run({
      type: 'createProcessingJob',
      name: 'groundtruth-merge-1',
      scheduleArn: 'arn:aws:sagemaker:eu-west-2:123456789012:monitoring-schedule/quality',
    });
    await account.passes(600);
    await account.run(
      finds('data', { outcome: 'violations', violations: violations('DataQuality') }),
      finds('bias', { outcome: 'violations', violations: violations('ModelBias') }),
      finds('shap', { outcome: 'failed', failureReason: 'InternalServerError' }),
      finds('quality', { outcome: 'clean' }),
      { type: 'endProcessingJob', name: 'baseline', status: 'Completed' },
      { type: 'endProcessingJob', name: 'groundtruth-merge-1', status: 'Failed', failureReason: 'No data.' },
    );
    await account.passes(60);
    await account.poll();
    expect(
      (await account.events()).map(({ payload, severity }) => [
        payload.monitoringType,
        payload.violationType,
        severity,
        payload.feature,
        payload.detailLevel,
      ]),
    ).toEqual([
      ['DATA_QUALITY', 'FEATURE_DRIFT', 'HIGH', 'debt', 'S3_REPORT'],
      ['BIAS_DRIFT', 'BIAS_DRIFT', 'CRITICAL', 'Age', 'S3_REPORT'],
      ['FEATURE_ATTRIBUTION_DRIFT', 'MONITOR_EXECUTION_FAILED', 'MEDIUM', null, 'EXIT_MESSAGE'],
    ]);
  }, 60_000);

  it('goes down to CloudWatch, then to the exit message, as permissions are missing, and names them', async () => {
    const metrics = [
      { name: 'feature_baseline_drift_debt', value: 0.42 },
      { name: 'feature_data_debt', value: 0.47 },
    ];
    await account.run(schedule('one', 'DataQuality'), schedule('two', 'DataQuality'), schedule('three', 'DataQuality'));
    await account.register();
    await account.poll();
    const finish = async (name: string, kmsKeyArn: string | null, denyActions: string[]): Promise<void> => {
      const found = {
        outcome: 'violations',
        violations: violations('DataQuality'),
        metrics,
        ...(kmsKeyArn ? { kmsKeyArn } : {}),
      };
      await account.run(starts(name));
      await account.passes(600);
      await account.run(finds(name, found), { type: 'setFaults', denyActions });
      await account.passes(60);
      expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 1 });
    };
    await finish('one', null, ['s3:GetObject']);
    await finish('two', null, ['s3:GetObject', 'cloudwatch:ListMetrics']);
    await finish('three', 'arn:aws:kms:eu-west-2:123456789012:key/1', ['kms:Decrypt', 'cloudwatch:ListMetrics']);
    const told = await account.events();
    expect(told.map(({ payload }) => [payload.detailLevel, payload.driftDistance, payload.feature])).toEqual([
      ['CLOUDWATCH', 0.42, 'debt'],
      ['EXIT_MESSAGE', null, null],
      ['EXIT_MESSAGE', null, null],
    ]);
    const missing = told.map(({ payload }) =>
      payload.captureGaps.map(({ permission }: { permission: string }) => permission),
    );
    expect(missing[0]).toEqual(['s3:GetObject']);
    expect(missing[1]).toEqual(['s3:GetObject', 'cloudwatch:ListMetrics, cloudwatch:GetMetricData']);
    expect(missing[2]).toContain('kms:Decrypt');
  }, 60_000);
});
