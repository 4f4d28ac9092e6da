import { join } from 'node:path';
import type { AuditEvent } from '@audital/contracts';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { SimulatedAccount } from './simulated-account';
import { System, verifyFolder } from './system';

const PATH = '/v1/integrations/sagemaker';
const ROLE = 'AuditalSageMakerRole';
const REGION = 'eu-west-1';

let folder: TempFolder;
let system: System;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await system.stop();
  folder.remove();
}, 60_000);

interface Coverage {
  shareObserved: number;
  gaps: {
    from: string;
    to: string | null;
    state: string;
    reason: string;
    recovered: boolean | null;
    verified: boolean;
  }[];
  lastOutcome: string;
  polls: Record<string, number>;
  calls: Record<string, number>;
  throttles: number;
}

const trustPolicy = (externalId: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::891377069453:root' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    },
  ],
});

/** What a customer does to a role, and an auditor reads of it afterwards. */
it('access that is lost opens a gap in the chain, access restored closes it, and the coverage answer shows both', async () => {
  system = await new System(join(folder.path, 'data'), ['--speed', '60']).started();
  const account = new SimulatedAccount(system.run.simulator as string);
  const { externalId } = system.run;
  const filters = { namePrefix: 'covered', tags: {} };
  const { body: made } = await system.call<{ id: string }>('POST', PATH, {
    body: {
      ...{ awsAccountId: '123456789012', region: REGION, externalId, filters },
      roleArn: `arn:aws:iam::123456789012:role/${ROLE}`,
    },
  });
  const gaps = (state: string): Promise<AuditEvent> =>
    eventually(
      async () => {
        const told = await system.events({ eventType: 'COVERAGE_GAP', integrationId: made.id }, 100);
        return told.find(({ payload, verified }) => verified && payload?.['state'] === state);
      },
      { deadlineMs: 60_000, what: `A COVERAGE_GAP that is ${state}` },
    );
  const coverage = async (): Promise<Coverage> =>
    (await system.call<Coverage>('GET', `${PATH}/${made.id}/coverage`)).body;
  await eventually(async () => ((await coverage()).polls['OK'] ?? 0) > 2, { deadlineMs: 60_000, what: 'Three polls' });

  await account.run([
    { type: 'setTrustPolicy', role: ROLE, policy: trustPolicy('aud_ext_of_somebody_else') },
    { type: 'expireSessions' },
  ]);
  const open = await gaps('OPEN');
  expect(open).toMatchObject({ severity: 'HIGH', payload: { reason: 'ACCESS_LOST', to: null } });
  expect(await coverage()).toMatchObject({ lastOutcome: 'ACCESS_LOST', gaps: [{ state: 'OPEN', to: null }] });

  await account.run([
    { type: 'createTrainingJob', region: REGION, name: 'covered-blind' },
    { type: 'completeTrainingJob', region: REGION, name: 'covered-blind' },
    { type: 'setTrustPolicy', role: ROLE, policy: trustPolicy(externalId) },
  ]);
  const closed = await gaps('CLOSED');
  expect(closed.payload).toMatchObject({ from: open.payload?.['from'], endedBy: 'POLL', recovered: true });
  const after = await coverage();
  expect(after.gaps).toMatchObject([{ state: 'CLOSED', reason: 'ACCESS_LOST', recovered: true, verified: true }]);
  expect(after.shareObserved).toBeLessThan(1);
  expect(after.polls['ACCESS_LOST']).toBeGreaterThan(0);
  expect(after.calls).toMatchObject({ ListEndpoints: expect.any(Number), ListTrainingJobs: expect.any(Number) });
  // What happened while nobody could look is not lost.
  const told = await eventually(
    async () => {
      const events = await system.events({ eventType: 'TRAINING_COMPLETED', integrationId: made.id });
      return events.length > 0 ? events : null;
    },
    { deadlineMs: 30_000, what: 'The job that ended in the gap' },
  );
  expect(told.map(({ payload }) => payload?.['trainingJobName'])).toEqual(['covered-blind']);
  await system.stop();
  await verifyFolder(system.data);
}, 240_000);
