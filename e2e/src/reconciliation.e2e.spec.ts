import { join } from 'node:path';
import type { AuditEvent } from '@audital/contracts';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { SimulatedAccount } from './simulated-account';
import { System, verifyFolder } from './system';

const PATH = '/v1/integrations/sagemaker';
const REGION = 'eu-west-1';
const HOUR_MS = 3_600_000;
/** The account lives an hour in a second, for the four days that it lags behind. */
const SPEED = 3600;
const LAG_SECONDS = 4 * 24 * 3600;

let folder: TempFolder;
let system: System;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await system.stop();
  folder.remove();
}, 60_000);

interface View {
  status: string;
  lastPolledAt: string | null;
}

/** The integration's time of the last poll, once it is a later one. */
const polledAfter = (id: string, before: string | null): Promise<string> =>
  eventually(
    async () => {
      const { body } = await system.call<View>('GET', `${PATH}/${id}`);
      return body.status === 'ACTIVE' && body.lastPolledAt !== before ? body.lastPolledAt : null;
    },
    { deadlineMs: 30_000, what: `A poll of ${id} after ${before}` },
  );

const told = async (name: string): Promise<AuditEvent[]> =>
  (await system.events({ eventType: 'TRAINING_COMPLETED' }, 100)).filter(
    ({ payload }) => payload?.['trainingJobName'] === name,
  );
const toldOnce = (name: string, deadlineMs: number): Promise<AuditEvent> =>
  eventually(async () => (await told(name)).find(({ verified }) => verified), {
    deadlineMs,
    what: `The end of ${name} in the chain`,
  });

/** Nobody asks for it: the scheduler does, a day of the account's after the first poll, in what the live polls leave of the interval. */
it('a job that the lists showed hours too late is told by the daily reconciliation, which comes by itself', async () => {
  system = await new System(join(folder.path, 'data'), ['--speed', String(SPEED)], {
    CLOCK_LAG_SECONDS: String(LAG_SECONDS),
  }).started();
  const account = new SimulatedAccount(system.run.simulator as string);
  const { body: made } = await system.call<{ id: string }>('POST', PATH, {
    body: {
      awsAccountId: '123456789012',
      region: REGION,
      roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
      externalId: system.run.externalId,
      captureMetrics: false,
      filters: { namePrefix: 'reconciled', tags: {} },
    },
  });
  let polledAt = await polledAfter(made.id, null);
  const ended = (name: string, createdAt: number) =>
    account.run([
      { type: 'createTrainingJob', region: REGION, name, at: new Date(createdAt).toISOString() },
      { type: 'completeTrainingJob', region: REGION, name },
    ]);
  const seenAt = (await account.now()) - 1;
  await ended('reconciled-seen', seenAt);
  expect((await toldOnce('reconciled-seen', 30_000)).payload).not.toHaveProperty('foundBy');

  // Below every window of the live polls from here on.
  await ended('reconciled-late', seenAt - 2 * HOUR_MS);
  for (let poll = 0; poll < 3; poll += 1) polledAt = await polledAfter(made.id, polledAt);
  expect(await told('reconciled-late')).toEqual([]);

  const late = await toldOnce('reconciled-late', 120_000);
  expect(late).toMatchObject({ captureMode: 'POLL', verified: true, payload: { foundBy: 'RECONCILIATION' } });
  expect(await told('reconciled-late')).toHaveLength(1);
  expect(await told('reconciled-seen')).toHaveLength(1);
  await system.stop();
  await verifyFolder(system.data);
}, 240_000);
