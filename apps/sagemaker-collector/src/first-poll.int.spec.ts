import type { JsonObject } from '@audital/contracts';
import { eventually } from '@audital/testing';
import { WatchedAccount } from './testing/watched-account';

const HOUR_SECONDS = 60 * 60;
let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const ends = (name: string): JsonObject => ({ type: 'completeTrainingJob', name });
const named = async (): Promise<string[]> => (await account.events()).map(({ payload }) => payload.trainingJobName);
const lists = async (): Promise<number> => (await account.calls())['ListTrainingJobs']?.calls ?? 0;

/** AWS becomes slow, and answers nobody once so many pages have been listed. */
async function interruptedPoll(pages: number): Promise<void> {
  const before = await lists();
  await account.run({ type: 'setFaults', latencyMs: 20, operations: ['ListTrainingJobs'] });
  const polling = account.poll();
  await eventually(async () => (await lists()) >= before + pages, { deadlineMs: 30_000, what: `${pages} pages` });
  await account.run({ type: 'setFaults', unreachableRate: 1 });
  expect(await polling).toMatchObject({ outcome: 'AWS_UNAVAILABLE', windowTo: null });
  await account.run({ type: 'setFaults' });
}

it('goes on where it was interrupted: what ran then is told when it ends, what began meanwhile too, and nothing old', async () => {
  const began = await account.now();
  await account.passes(28 * 24 * HOUR_SECONDS);
  const hours = (count: number): string => new Date(began + count * 3_600_000).toISOString();
  const trains = (name: string, hour: number): JsonObject => ({ type: 'createTrainingJob', name, at: hours(hour) });
  await account.run(
    { type: 'addTrainingJobHistory', prefix: 'old', count: 4_000, from: hours(1), to: hours(28 * 24 - 1) },
    trains('new-runs', 27 * 24),
    trains('old-runs', 2),
  );
  await account.register();
  // Of 41 pages.
  await interruptedPoll(25);
  account.restart();
  await account.passes(HOUR_SECONDS);
  await account.run({ type: 'createTrainingJob', name: 'short' }, ends('short'), ends('new-runs'));
  await account.passes(HOUR_SECONDS);
  await interruptedPoll(12);
  account.restart();

  const last = await account.poll();
  expect(last).toMatchObject({ outcome: 'OK' });
  // Ten pages of each interrupted poll at the least need not be listed again; one page has what came meanwhile.
  expect(last.calls['ListTrainingJobs']).toBeLessThanOrEqual(41 - 20 - 10 + 2);
  await account.run(ends('old-runs'));
  await account.passes(60);
  expect((await account.poll()).calls).toMatchObject({ ListTrainingJobs: 1 });
  expect((await named()).sort()).toEqual(['new-runs', 'old-runs', 'short']);
}, 120_000);

it('begins anew when the filters have changed since', async () => {
  const began = await account.now();
  await account.passes(24 * HOUR_SECONDS);
  const at = new Date(began + 60_000).toISOString();
  const to = new Date(began + 23 * 3_600_000).toISOString();
  await account.run(
    { type: 'addTrainingJobHistory', prefix: 'old', count: 2_000, from: at, to },
    { type: 'createTrainingJob', name: 'mine-runs' },
    { type: 'createTrainingJob', name: 'yours-runs' },
  );
  await account.passes(60);
  await account.register({ filters: { namePrefix: 'mine', tags: {} } });
  await interruptedPoll(15);
  await account.change({ filters: { namePrefix: 'yours', tags: {} } });
  expect((await account.poll()).calls['ListTrainingJobs']).toBeGreaterThanOrEqual(20);
  await account.run(ends('mine-runs'), ends('yours-runs'));
  await account.passes(60);
  await account.poll();
  expect(await named()).toEqual(['yours-runs']);
}, 120_000);

describe('wider filters', () => {
  const trained = (name: string): JsonObject[] => [{ type: 'createTrainingJob', name }, ends(name)];
  const all = { namePrefix: null, tags: {} };

  it('are backfilled as a registration is: what they let in and had ended by then is told, once', async () => {
    await account.run(...trained('credit-old'), ...trained('fraud-old'));
    await account.passes(HOUR_SECONDS);
    await account.register({ filters: { namePrefix: 'credit-', tags: {} }, backfillDays: 10 });
    await account.poll();
    expect(await account.poll('BACKFILL')).toMatchObject({ observations: 1, askAgainInMs: null });
    await account.run(...trained('fraud-between'), { type: 'createTrainingJob', name: 'fraud-runs' });
    await account.passes(HOUR_SECONDS);
    await account.change({ filters: all });
    expect(await account.poll('BACKFILL')).toMatchObject({ windowTo: null, askAgainInMs: 60_000 });
    await account.poll();
    expect(await account.poll('BACKFILL')).toMatchObject({ outcome: 'OK', askAgainInMs: null });
    expect(await account.poll('BACKFILL')).toMatchObject({ windowTo: null, askAgainInMs: null });
    await account.run(ends('fraud-runs'));
    await account.passes(60);
    await account.poll();
    const told = (await account.events()).map(
      ({ payload, captureMode }) => `${payload.trainingJobName} ${captureMode}`,
    );
    expect(told).toEqual(['credit-old BACKFILL', 'fraud-old BACKFILL', 'fraud-between BACKFILL', 'fraud-runs POLL']);
  }, 60_000);

  it('tell nothing old where no backfill was asked for', async () => {
    await account.run(...trained('credit-old'), ...trained('fraud-old'));
    await account.passes(HOUR_SECONDS);
    await account.register({ filters: { namePrefix: 'credit-', tags: {} } });
    await account.poll();
    await account.change({ filters: all });
    await account.poll();
    expect(await account.poll('BACKFILL')).toMatchObject({ windowTo: null, askAgainInMs: null });
    expect(await account.events()).toEqual([]);
  }, 60_000);
});
