import { WatchedAccount } from './testing/watched-account';

let account: WatchedAccount;
beforeEach(async () => {
  account = await WatchedAccount.start();
}, 60_000);
afterEach(() => account.stop(), 60_000);

const DAY_MS = 24 * 60 * 60_000;

it.each([5, 5_000, 500_000])(
  'after a history of %i jobs a quiet poll is three List calls and no Describe, before and after a restart',
  async (count) => {
    const now = await account.now();
    const from = new Date(now - 3 * 365 * DAY_MS).toISOString();
    const to = new Date(now).toISOString();
    await account.run({ type: 'addTrainingJobHistory', prefix: 'old', count, from, to });
    await account.run({ type: 'createTrainingJob', name: 'runs' });
    await account.passes(60);
    await account.register();
    await account.poll();

    const quiet = { ListEndpoints: 1, ListTrainingJobs: 1, ListProcessingJobs: 1 };
    const first = await account.poll();
    account.restart();
    const again = await account.poll();
    for (const poll of [first, again]) {
      expect(poll).toMatchObject({ outcome: 'OK', observations: 0, pages: 3 });
      expect(poll.calls).toEqual(quiet);
    }
    expect(await account.events()).toEqual([]);
  },
  120_000,
);
