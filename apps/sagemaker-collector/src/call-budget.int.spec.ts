import { WatchedAccount } from './testing/watched-account';

/**
 * AWS allows two lists a second, and the collector takes one of them (DESIGN §5). The proportion is what is tested: both are so many times
 * larger in a run that has no time, and as they are under AUDITAL_LONG
 * (three and a half minutes).
 */
const TIMES = process.env['AUDITAL_LONG'] ? 1 : 20;
const EMPTY_PAGES = 200;

let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start(TIMES);
}, 60_000);
afterEach(() => account.stop(), 60_000);

it(`follows ${EMPTY_PAGES} empty pages to what lies behind them, and never takes more than its budget in any second`, async () => {
  await account.register();
  await account.poll();
  await account.run({ type: 'createTrainingJob', name: 'behind' }, { type: 'completeTrainingJob', name: 'behind' });
  await account.passes(60);
  await account.limit({ listPerSecond: 2 * TIMES, burst: 2 * TIMES, emptyPages: { ListTrainingJobs: EMPTY_PAGES } });
  expect(await account.poll()).toMatchObject({ outcome: 'OK', observations: 1, throttles: 0 });
  const { ListTrainingJobs: lists } = await account.calls();
  expect(lists).toMatchObject({ errors: {} });
  expect(lists?.calls).toBeGreaterThan(EMPTY_PAGES);
  expect(lists?.peakPerSecond).toBeLessThanOrEqual(2 * TIMES);
  expect((await account.events()).map(({ payload }) => payload.trainingJobName)).toEqual(['behind']);
}, 600_000);
