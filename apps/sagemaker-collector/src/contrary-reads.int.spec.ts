import type { JsonObject } from '@audital/contracts';
import { WatchedAccount } from './testing/watched-account';

let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
  await account.register();
  await account.poll();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const trains = (name: string): JsonObject => ({ type: 'createTrainingJob', name });
const ends = (name: string): JsonObject => ({ type: 'completeTrainingJob', name });
const told = async (): Promise<string[]> =>
  (await account.events()).map(
    ({ eventType, payload }) =>
      `${eventType} ${payload.trainingJobName ?? payload.resourceName ?? payload.monitoringJobName}`,
  );

it('a list that is behind: the end is told once, when the list shows it', async () => {
  await account.limit({ staleListMs: 120_000 });
  await account.run(trains('scorer'), ends('scorer'));
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
  await account.passes(60);
  await account.poll();
  await account.poll();
  expect(await told()).toEqual(['TRAINING_COMPLETED scorer']);
}, 60_000);

it('a Describe that is behind: no evidence is called lost, and the end is told once', async () => {
  await account.limit({ describeDelayMs: 120_000 });
  await account.run(trains('scorer'), ends('scorer'), trains('runs'));
  await account.run(
    {
      type: 'createProcessingJob',
      name: 'monitor',
      spec: { Environment: { sagemaker_monitoring_schedule_name: 's' } },
    },
    { type: 'endProcessingJob', name: 'monitor', status: 'Failed', failureReason: 'no data' },
  );
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 2 });
  expect(await account.poll()).toMatchObject({ observations: 0 });
  expect(await told()).toEqual(['TRAINING_COMPLETED scorer', 'ALERT monitor']);
}, 60_000);

it('a job that was deleted between List and Describe is lost evidence once no replica can be so far behind', async () => {
  await account.limit({ describeDelayMs: 120_000 });
  await account.run(trains('scorer'), ends('scorer'));
  await account.passes(60);
  await account.poll();
  await account.run({ type: 'deleteTrainingJob', name: 'scorer' });
  await account.poll();
  expect(await told()).toEqual([]);
  await account.passes(15 * 60);
  await account.poll();
  await account.poll();
  expect(await told()).toEqual(['EVIDENCE_LOST scorer']);
}, 60_000);

it('a job that is listed for ever and never described is lost evidence once no replica can be so far behind', async () => {
  await account.limit({ describeDelayMs: 86_400_000 });
  await account.run(trains('scorer'), ends('scorer'));
  await account.passes(60);
  await account.poll();
  await account.passes(15 * 60);
  await account.poll();
  await account.poll();
  expect(await told()).toEqual(['EVIDENCE_LOST scorer']);
}, 60_000);

it('a list and a Describe that are behind together: a young job is not called lost', async () => {
  await account.run(trains('scorer'));
  await account.passes(60);
  await account.poll();
  await account.limit({ visibilityDelayMs: 600_000, describeDelayMs: 600_000 });
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
  await account.limit({});
  await account.run(ends('scorer'));
  await account.poll();
  expect(await told()).toEqual(['TRAINING_COMPLETED scorer']);
}, 60_000);

it('an endpoint that replicas do not know yet has not ended; one that was seen going has', async () => {
  await account.run(
    { type: 'createModel', name: 'm', spec: {} },
    { type: 'createEndpointConfig', name: 'c', variants: [{ modelName: 'm' }] },
    { type: 'createEndpoint', name: 'e', configName: 'c' },
    { type: 'settleEndpoint', name: 'e' },
  );
  await account.passes(60);
  await account.poll();
  await account.limit({ visibilityDelayMs: 600_000, describeDelayMs: 600_000 });
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 0 });
  await account.limit({});
  await account.run({ type: 'deleteEndpoint', name: 'e' });
  await account.passes(60);
  expect(await account.poll()).toMatchObject({ observations: 0 });
  await account.run({ type: 'settleEndpoint', name: 'e' });
  expect(await account.poll()).toMatchObject({ observations: 1 });
  expect((await account.events()).map(({ eventType }) => eventType)).toEqual(['DEPLOYMENT', 'DEPLOYMENT_ENDED']);
}, 60_000);

it('lists without exit messages: what found nothing is silent all the same', async () => {
  await account.limit({ exitMessageInLists: false });
  const schedule = { type: 'createMonitoringSchedule', name: 's', endpointName: 'e', monitoringType: 'DataQuality' };
  await account.run({ ...schedule, outputUri: 's3://reports/base' });
  for (const outcome of ['clean', 'violations']) {
    await account.run(
      { type: 'startMonitoringExecution', schedule: 's', processingJobName: outcome },
      { type: 'finishMonitoringExecution', processingJobName: outcome, outcome, violations: [{ feature_name: 'x' }] },
    );
  }
  await account.passes(60);
  expect((await account.poll()).calls).toMatchObject({ DescribeProcessingJob: 2 });
  expect(await told()).toEqual(['ALERT violations']);
}, 60_000);

it('a report in a bucket of another region is read there', async () => {
  await account.run({ type: 'putObject', region: 'us-east-2', bucket: 'reports', key: 'base/first', body: 'x' });
  const schedule = { type: 'createMonitoringSchedule', name: 's', endpointName: 'e', monitoringType: 'DataQuality' };
  const violations = [
    {
      feature_name: 'x',
      constraint_check_type: 'baseline_drift_check',
      description: 'distance: 0.4 exceeds threshold: 0.2',
    },
  ];
  await account.run(
    { ...schedule, outputUri: 's3://reports/base' },
    { type: 'startMonitoringExecution', schedule: 's', processingJobName: 'run' },
    { type: 'finishMonitoringExecution', processingJobName: 'run', outcome: 'violations', violations },
  );
  await account.passes(60);
  await account.poll();
  expect(await account.events()).toMatchObject([{ payload: { detailLevel: 'S3_REPORT', driftDistance: 0.4 } }]);
}, 60_000);

it('short pages, and a last one that is empty: every job is told once', async () => {
  await account.limit({ pageItemsMax: 3, emptyLastPage: true, emptyPages: { ListTrainingJobs: 2 } });
  const names = Array.from({ length: 9 }, (_, index) => `scorer-${index}`);
  await account.run(...names.map(trains), ...names.map(ends));
  await account.passes(60);
  // Two empty ones first, three full ones, and an empty one that has no token.
  expect((await account.poll()).calls).toMatchObject({ ListTrainingJobs: 6 });
  await account.poll();
  expect(await told()).toEqual(names.map((name) => `TRAINING_COMPLETED ${name}`));
}, 60_000);

it('the trainings of a tuner, created in one millisecond: each is told, with its parent, and all are one model', async () => {
  await account.run({ type: 'createTuningJob', name: 'scorer-260302-1100', count: 120 });
  await account.passes(60);
  await account.poll();
  const listed = await account.trainingJobs();
  await account.run(...listed.map(ends));
  await account.passes(60);
  await account.poll();
  const events = await account.events();
  expect(events.map(({ payload }) => payload.trainingJobName).sort()).toEqual([...listed].sort());
  expect(new Set(events.map(({ payload }) => payload.tuningJobArn))).toEqual(
    new Set(['arn:aws:sagemaker:eu-west-2:123456789012:hyper-parameter-tuning-job/scorer-260302-1100']),
  );
  expect(new Set(events.map(({ modelId }) => modelId)).size).toBe(1);
}, 90_000);

it('throttled under any name, and in a region that was disabled: the outcome says which', async () => {
  await account.run({ type: 'setFaults', throttleRate: 1, throttleAs: 'TooManyRequestsException' });
  expect(await account.poll()).toMatchObject({ outcome: 'THROTTLED' });
  await account.run(trains('scorer'), ends('scorer'));
  await account.passes(60);
  await account.run({ type: 'setFaults' }, { type: 'setRegion', enabled: false });
  expect(await account.poll()).toMatchObject({ outcome: 'ACCESS_LOST', observations: 0 });
  await account.run({ type: 'setRegion', enabled: true });
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 1 });
}, 120_000);
