import { join } from 'node:path';
import { AWS_PERMISSIONS, type AuditEvent, type DoctorRow, grants, type PolicyTier } from '@audital/contracts';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { parse } from 'yaml';
import { System, verifyFolder } from './system';
import { giveLedger, takeLedger } from './system-ledger';

const PATH = '/v1/integrations/sagemaker';
const ROLE = 'AuditalSageMakerRole';
const OPERATOR = 'arn:aws:iam::891377069453:user/audital';
const BUCKET = 'onboarding-reports';

interface Setup {
  externalId: string;
  nextExternalId: string | null;
  trustPolicy: object;
  tiers: { tier: PolicyTier; losses: string[]; policy: object }[];
  cloudFormation: string;
  terraform: string;
  awsCli: string;
}
interface Integration {
  id: string;
  status: string;
  externalId: string;
  test: { rows: DoctorRow[]; reason: { code: string } | null } | null;
}

let folder: TempFolder;
let system: System;
beforeAll(async () => {
  folder = tempFolder();
  // The story stands still at this speed, so that no monitor of it comes between.
  await giveLedger(join(folder.path, 'data'));
  system = await new System(join(folder.path, 'data'), ['--speed', '1']).started();
  await system.says('INTEGRATION_ACTIVATED');
}, 90_000);
afterAll(async () => {
  await system.stop();
  await verifyFolder(system.data);
  await takeLedger(system.data);
  folder.remove();
}, 60_000);

async function account(...commands: object[]): Promise<void> {
  const response = await fetch(`${system.run.simulator}/_admin/commands`, {
    method: 'POST',
    body: JSON.stringify({ commands }),
  });
  if (response.status !== 200) throw new Error(await response.text());
}
const trusting = (policy: object): Promise<void> => account({ type: 'setTrustPolicy', role: ROLE, policy });
const permitting = (policy: object): Promise<void> => account({ type: 'setPermissionPolicy', role: ROLE, policy });

const setup = async (query: string): Promise<Setup> =>
  (await system.call<Setup>('GET', `${PATH}/setup?reportBucket=${BUCKET}&${query}`)).body;
const only = async (): Promise<Integration> =>
  (await system.call<{ data: Integration[] }>('GET', PATH)).body.data[0] as Integration;
const tested = async (): Promise<Integration> =>
  (await system.call<Integration>('POST', `${PATH}/${(await only()).id}/test`)).body;
const notGranted = ({ test }: Integration): string[] =>
  (test?.rows ?? []).filter(({ status }) => status !== 'GRANTED').map(({ check }) => check);
const changes = async (): Promise<Record<string, unknown>[]> => {
  const { body } = await system.call<{ data: AuditEvent[] }>('GET', '/v1/audit?eventType=CONFIG_CHANGE&limit=100');
  return body.data.map(({ payload }) => payload ?? {});
};
const chained = (change: string, match: object = {}): Promise<Record<string, unknown>> =>
  eventually(
    async () =>
      (await changes()).find(
        (payload) =>
          payload['change'] === change &&
          Object.entries(match).every(([key, value]) => JSON.stringify(payload[key]) === JSON.stringify(value)),
      ) ?? null,
    { deadlineMs: 30_000, what: `${change} in the chain` },
  );

/** The JSON that a text holds behind each of `marks`, in order. */
function jsonBehind(text: string, mark: string): object[] {
  return text
    .split(mark)
    .slice(1)
    .map((rest) => {
      for (let end = rest.indexOf('}'); end !== -1; end = rest.indexOf('}', end + 1)) {
        try {
          return JSON.parse(rest.slice(0, end + 1)) as object;
        } catch {
          // The object goes on.
        }
      }
      throw new Error(`No JSON behind ${mark}.`);
    });
}

describe('the set-up', () => {
  beforeAll(async () => {
    const schedule = { name: 'onboarding', endpointName: 'e', monitoringType: 'DataQuality' };
    await account(
      { type: 'createMonitoringSchedule', ...schedule, outputUri: `s3://${BUCKET}/reports` },
      { type: 'startMonitoringExecution', schedule: 'onboarding', processingJobName: 'onboarding-1' },
      {
        type: 'finishMonitoringExecution',
        processingJobName: 'onboarding-1',
        outcome: 'violations',
        violations: [{ feature_name: 'x', constraint_check_type: 'missing_column_check', description: 'gone' }],
        kmsKeyArn: 'arn:aws:kms:eu-west-2:123456789012:key/reports',
      },
    );
  });

  it.each(['public', 'recommended', 'full'] as const)(
    'tier %s: every text holds the same policies, and what the doctor misses is what is documented',
    async (tier) => {
      const { tiers, trustPolicy, cloudFormation, terraform, awsCli } = await setup(`tier=${tier}`);
      const { policy, losses } = tiers.find((one) => one.tier === tier) as Setup['tiers'][number];
      const getAtt = { tag: '!GetAtt', resolve: (text: string) => ({ 'Fn::GetAtt': text.split('.') }) };
      const template = parse(cloudFormation, { customTags: [getAtt] }) as {
        Resources: {
          AuditalRole: { Properties: { AssumeRolePolicyDocument: object; Policies: { PolicyDocument: object }[] } };
        };
        Outputs: { RoleArn: { Value: object } };
      };
      const { AssumeRolePolicyDocument, Policies } = template.Resources.AuditalRole.Properties;
      expect([AssumeRolePolicyDocument, Policies[0]?.PolicyDocument]).toEqual([trustPolicy, policy]);
      expect(template.Outputs.RoleArn.Value).toEqual({ 'Fn::GetAtt': ['AuditalRole', 'Arn'] });
      expect(jsonBehind(terraform, 'jsonencode(')).toEqual([trustPolicy, policy]);
      expect(jsonBehind(awsCli, "-document '")).toEqual([trustPolicy, policy]);

      await trusting(AssumeRolePolicyDocument);
      await permitting(Policies[0]?.PolicyDocument as object);
      const integration = await tested();
      expect(integration.status).toBe('ACTIVE');
      const lost = AWS_PERMISSIONS.filter((one) => !grants(tier, one)).map(({ action }) => action);
      expect(notGranted(integration).sort()).toEqual([...lost].sort());
      const documented = losses.map((loss) => loss.split(':').slice(0, 2).join(':'));
      for (const action of lost) expect(documented).toContain(action);
    },
  );

  it('a role that asks for no external id is refused, and active again with the patch', async () => {
    await trusting({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: OPERATOR }, Action: 'sts:AssumeRole' }],
    });
    const refused = await tested();
    expect([refused.status, refused.test?.reason?.code]).toEqual(['REFUSED', 'INSECURE_TRUST_POLICY']);
    const patch = refused.test?.rows.flatMap(({ trustPolicy }) => trustPolicy ?? [])[0];
    await trusting(patch as object);
    expect((await tested()).status).toBe('ACTIVE');
    await chained('INTEGRATION_REFUSED');
  });
});

it('a dry run tests, and writes nothing', async () => {
  const { externalId } = await only();
  const body = { awsAccountId: '123456789012', region: 'eu-west-2', externalId };
  const roleArn = `arn:aws:iam::123456789012:role/${ROLE}`;
  const filters = { namePrefix: 'dry' };
  const accepted = await system.call('POST', `${PATH}?dryRun=true`, { body: { ...body, roleArn, filters } });
  expect(accepted).toMatchObject({
    status: 200,
    body: { dryRun: true, existing: null, test: { outcome: 'ACCEPTED' } },
  });
  const nobody = await system.call('POST', `${PATH}?dryRun=true`, {
    body: { ...body, roleArn: `${roleArn}2`, filters },
  });
  expect(nobody).toMatchObject({ body: { test: { outcome: 'REFUSED', reason: { code: 'ROLE_NOT_ASSUMABLE' } } } });
  const wrong = { ...body, roleArn, filters, externalId: 'aud_ext_00000000000000000000' };
  expect((await system.call('POST', `${PATH}?dryRun=true`, { body: wrong })).status).toBe(422);
  expect((await system.call<{ data: unknown[] }>('GET', PATH)).body.data).toHaveLength(1);
  const registered = (await changes()).filter(({ change }) => change === 'INTEGRATION_REGISTERED');
  expect(registered).toHaveLength(1);
});

it('an Idempotency-Key registers once, and every change is chained with before and after', async () => {
  const { externalId } = await only();
  const body = {
    ...{ awsAccountId: '123456789012', region: 'us-east-1', externalId, name: 'Ohio', environment: 'staging' },
    ...{ roleArn: `arn:aws:iam::123456789012:role/${ROLE}`, filters: { tags: { Team: 'risk' } } },
  };
  const headers = { 'idempotency-key': 'register-1' };
  const first = await system.call<Integration>('POST', PATH, { body, headers });
  expect(first.status).toBe(201);
  const id = first.body.id;
  const patched = await system.call('PATCH', `${PATH}/${id}`, {
    body: { syncInterval: 120, captureHyperparameters: false, filters: { namePrefix: 'x', tags: {} } },
  });
  expect(patched.status).toBe(200);
  expect(await system.call<Integration>('POST', PATH, { body, headers })).toMatchObject({ status: 201, body: { id } });
  const other = { ...body, name: 'Oregon' };
  expect(await system.call('POST', PATH, { body: other, headers })).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
  const { changes: told } = await chained('INTEGRATION_UPDATED', { integrationId: id });
  expect(told).toEqual([
    { pointer: '/syncInterval', before: 60, after: 120 },
    { pointer: '/filters/namePrefix', before: null, after: 'x' },
    { pointer: '/filters/tags', before: { Team: 'risk' }, after: {} },
    { pointer: '/captureHyperparameters', before: true, after: false },
  ]);
  expect((await system.call('PATCH', `${PATH}/${id}`, { body: { region: 'eu-west-2' } })).status).toBe(422);
  await system.call('DELETE', `${PATH}/${id}`);
  await chained('INTEGRATION_REMOVED', { integrationId: id });
});

it('the external id is replaced with overlap: polls and tests go on, and the old one is retired', async () => {
  const old = (await setup('')).externalId;
  const rotate = (externalIdRotation: string) =>
    system.call<Record<string, unknown>>('PATCH', `${PATH}/setup`, { body: { externalIdRotation } });
  expect(await rotate('FINISH')).toMatchObject({ status: 409, body: { code: 'EXTERNAL_ID_ROTATION' } });
  expect(await rotate('START')).toMatchObject({ status: 200, body: { externalId: old } });
  const both = await setup('');
  expect(notGranted(await tested())).toEqual(['the next external id is accepted']);
  const early = await rotate('FINISH');
  expect([early.status, String(early.body['detail'])]).toEqual([409, expect.stringContaining((await only()).id)]);
  await trusting(both.trustPolicy);
  expect(notGranted(await tested())).toEqual([]);
  expect(await rotate('FINISH')).toMatchObject({
    status: 200,
    body: { externalId: both.nextExternalId, nextExternalId: null, retiredExternalId: old },
  });
  expect(await only()).toMatchObject({ status: 'ACTIVE', externalId: both.nextExternalId });
  expect(notGranted(await tested())).toEqual(['the retired external id is refused']);
  await trusting((await setup('')).trustPolicy);
  expect(notGranted(await tested())).toEqual([]);
  await account({ type: 'expireSessions' });
  const polled = await system.call('POST', `${PATH}/${(await only()).id}/sync`);
  expect(polled.status).toBe(202);
  const since = new Date().toISOString();
  await eventually(
    async () => {
      const now = (await only()) as Integration & { lastOutcome: string; lastPolledAt: string | null };
      return now.lastOutcome === 'OK' && (now.lastPolledAt ?? '') > since;
    },
    { deadlineMs: 90_000, what: 'A poll with the new external id' },
  );
  await chained('EXTERNAL_ID_ROTATION_STARTED');
  await chained('EXTERNAL_ID_ROTATION_FINISHED');
}, 120_000);

it('keys: shown once, scoped, revoked at once, a test key acts on the sandbox; the chain hears of each', async () => {
  interface Key {
    id: string;
    key: string;
  }
  const make = (body: object, o: object = {}) => system.call<Key>('POST', '/v1/keys', { body, ...o });
  const reader = await make({ label: 'export', scopes: ['audit:read'] });
  expect([reader.status, reader.body.key]).toEqual([201, expect.stringMatching(/^ak_live_\w{38}$/)]);
  const { key } = reader.body;
  expect((await system.call('GET', '/v1/audit', { key })).status).toBe(200);
  expect((await system.call('GET', PATH, { key })).status).toBe(403);
  expect((await system.call('GET', '/v1/keys', { key })).status).toBe(403);
  const listed = await system.call<{ data: unknown[] }>('GET', '/v1/keys');
  expect(JSON.stringify(listed.body)).not.toContain(key);
  expect(listed.body.data).toHaveLength(2);

  const test = await make({ label: 'trial', scopes: ['keys:manage', 'audit:read', 'audit:write'], mode: 'test' });
  const sandboxed = { key: test.body.key };
  const event = { eventType: 'HUMAN_REVIEW', payload: { verdict: 'fine' } };
  expect((await system.call('POST', '/v1/audit', { ...sandboxed, body: event })).status).toBe(201);
  const seen = await eventually(
    async () => {
      const { body } = await system.call<{ data: AuditEvent[] }>('GET', '/v1/audit?eventType=HUMAN_REVIEW', sandboxed);
      return body.data[0] ?? null;
    },
    { deadlineMs: 30_000, what: 'The event in the sandbox' },
  );
  expect(seen.organisationId).not.toBe(system.run.organisationId);
  const live = await system.call<{ data: unknown[] }>('GET', '/v1/audit?eventType=HUMAN_REVIEW');
  expect(live.body.data).toHaveLength(0);
  expect(await make({ label: 'up', scopes: ['audit:read'], mode: 'live' }, sandboxed)).toMatchObject({
    status: 422,
    body: { code: 'KEY_SCOPES_EXCEEDED' },
  });
  expect(await make({ label: 'up', scopes: ['admin'] }, sandboxed)).toMatchObject({ status: 422 });

  expect((await system.call('DELETE', `/v1/keys/${reader.body.id}`)).status).toBe(204);
  expect(await system.call('GET', '/v1/audit', { key })).toMatchObject({ status: 401, body: { code: 'KEY_REVOKED' } });
  expect((await system.call('DELETE', '/v1/keys/key_nobody')).status).toBe(404);
  await chained('API_KEY_CREATED', { keyId: reader.body.id });
  await chained('API_KEY_REVOKED', { keyId: reader.body.id });
});

describe('the doctor speaks again', () => {
  const openToAll = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: OPERATOR }, Action: 'sts:AssumeRole' }],
  };
  const becomes = (id: string, status: string): Promise<Integration> =>
    eventually(
      async () => {
        const { body } = await system.call<Integration>('GET', `${PATH}/${id}`);
        return body.status === status ? body : null;
      },
      { deadlineMs: 60_000, what: `${id} to be ${status}` },
    );
  const count = async (change: string, integrationId: string): Promise<number> =>
    (await changes()).filter((one) => one['change'] === change && one['integrationId'] === integrationId).length;

  it('tells of a permission that went and came back, and activates nothing twice', async () => {
    const { id } = await only();
    const activations = await count('INTEGRATION_ACTIVATED', id);
    const deny = (denyActions: string[]) =>
      fetch(`${system.run.simulator}/_admin/faults`, { method: 'POST', body: JSON.stringify({ denyActions }) });
    await deny(['sagemaker:DescribeModel']);
    expect((await tested()).status).toBe('ACTIVE');
    const check = 'sagemaker:DescribeModel';
    await chained('INTEGRATION_CHECKS_CHANGED', { changes: [{ after: 'DENIED', before: 'GRANTED', check }] });
    await deny([]);
    await tested();
    await chained('INTEGRATION_CHECKS_CHANGED', { changes: [{ after: 'GRANTED', before: 'DENIED', check }] });
    expect(await count('INTEGRATION_ACTIVATED', id)).toBe(activations);
  }, 90_000);

  it('when an integration is resumed: one whose role has been opened meanwhile is refused', async () => {
    const { id } = await only();
    const { trustPolicy } = await setup('');
    await system.call('POST', `${PATH}/${id}/pause`);
    await trusting(openToAll);
    expect((await system.call<Integration>('POST', `${PATH}/${id}/resume`)).body.status).toBe('PENDING');
    expect((await becomes(id, 'REFUSED')).test?.reason?.code).toBe('INSECURE_TRUST_POLICY');
    await trusting(trustPolicy);
    expect((await tested()).status).toBe('ACTIVE');
    await system.call('POST', `${PATH}/${id}/pause`);
    await system.call('POST', `${PATH}/${id}/resume`);
    await becomes(id, 'ACTIVE');
  }, 120_000);

  it('when the registry died before it could ask: what was PENDING is tested at its next start', async () => {
    const { externalId } = await only();
    process.kill(system.run.pids['sagemaker-collector'] as number, 'SIGSTOP');
    const { body: made } = await system.call<Integration>('POST', PATH, {
      body: {
        ...{ awsAccountId: '123456789012', region: 'us-west-2', externalId },
        ...{ roleArn: `arn:aws:iam::123456789012:role/${ROLE}`, filters: { namePrefix: 'pending' } },
      },
    });
    const before = system.run.pids['integration-registry'];
    await system.kill('integration-registry');
    await eventually(() => ![undefined, before].includes(system.run.pids['integration-registry']), {
      deadlineMs: 30_000,
      what: 'The next start of the registry',
    });
    expect((await system.call<Integration>('GET', `${PATH}/${made.id}`)).body.status).toBe('PENDING');
    process.kill(system.run.pids['sagemaker-collector'] as number, 'SIGCONT');
    await becomes(made.id, 'ACTIVE');
    await system.call('DELETE', `${PATH}/${made.id}`);
  }, 120_000);
});
