import type { JsonObject } from '@audital/contracts';
import { type Sealed, WatchedAccount } from './testing/watched-account';

const DAY_SECONDS = 24 * 60 * 60;
let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const trains = (name: string, over: JsonObject = {}): JsonObject => ({ type: 'createTrainingJob', name, ...over });
const ends = (name: string): JsonObject => ({ type: 'completeTrainingJob', name });
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
