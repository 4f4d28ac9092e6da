import { Rejected, type RegisterIntegration, Unavailable } from '@audital/contracts';
import { checkLedger, startNats } from '@audital/testing';
import { answering } from '../../testing/answering';
import { gatewayForTests } from '../../testing/gateway-for-tests';
import { settings, unissuedKey } from '../../testing/harness';

const at = gatewayForTests({ startNats, checkLedger });
const PATH = '/v1/integrations/sagemaker';

/** The request of the public documentation, with the organisation's own external id. */
const publicBody = (externalId: string) => ({
  awsAccountId: '123456789012',
  region: 'eu-west-2',
  roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
  externalId,
  syncInterval: 60,
  filters: { namePrefix: 'credit-scorer', tags: { Environment: 'production' } },
});

const integrationOf = ({ organisationId, target, settings }: RegisterIntegration) => ({
  integrationId: 'int_01KJQ38XW0ABCDEFGHJKMNPQRS',
  organisationId,
  target,
  settings,
  status: 'PENDING',
  test: null,
  registeredAt: '2026-03-02T11:00:00.000Z',
  activeSince: null,
  revision: 0,
});

async function registry(answer: (request: RegisterIntegration) => unknown) {
  return answering(await at.nats.connect('integration-registry'), 'ask.registry.register', answer);
}

describe('POST /v1/integrations/sagemaker', () => {
  it('201: the public request works verbatim, with the defaults of what it leaves out', async () => {
    const { key, externalId, id } = await at.harness.organisation();
    const { asked, stop } = await registry((request) => ({ created: true, integration: integrationOf(request) }));
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    await stop();
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`${PATH}/int_01KJQ38XW0ABCDEFGHJKMNPQRS`);
    expect(answer.body).toMatchObject({
      id: 'int_01KJQ38XW0ABCDEFGHJKMNPQRS',
      status: 'PENDING',
      ...publicBody(externalId),
      captureMetrics: true,
    });
    const { awsAccountId, region, roleArn } = publicBody(externalId);
    expect(asked).toEqual([
      {
        organisationId: id,
        by: { type: 'API_KEY', id: expect.stringMatching(/^key_/) },
        target: { awsAccountId, region, roleArn, externalId },
        settings: settings(),
        idempotencyKey: null,
      },
    ]);
  });

  it('201: an Idempotency-Key goes to the registry, which says what is a repetition; a bad one is named', async () => {
    const { key, externalId } = await at.harness.organisation();
    const { asked, stop } = await registry((request) => ({
      ...{ created: true, replayed: true },
      integration: integrationOf(request),
    }));
    const headers = { 'Idempotency-Key': 'once' };
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody(externalId), headers });
    expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(asked).toMatchObject([{ idempotencyKey: 'once' }]);
    const bad = { 'Idempotency-Key': 'a b' };
    const refused = await at.harness.call('POST', PATH, { key, body: publicBody(externalId), headers: bad });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, 'header:Idempotency-Key']);
    await stop();
  });

  it('200: an equal integration stood already', async () => {
    const { key, externalId } = await at.harness.organisation();
    const { stop } = await registry((request) => ({ created: false, integration: integrationOf(request) }));
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    await stop();
    expect(answer.status).toBe(200);
  });

  it('201: a test key acts on the sandbox', async () => {
    const { id, sandboxId, externalId } = await at.harness.organisation();
    const key = await at.harness.key(id, { prefix: 'ak_test_' });
    const { asked, stop } = await registry((request) => ({ created: true, integration: integrationOf(request) }));
    await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    await stop();
    expect(asked).toMatchObject([{ organisationId: sandboxId }]);
  });

  it('400: what is not JSON, or no object', async () => {
    const { key } = await at.harness.organisation();
    for (const raw of ['{"awsAccountId":', 'nonsense', '[]', '"text"', '{"a":1}{']) {
      const answer = await at.harness.call('POST', PATH, { key, raw });
      expect([answer.status, answer.body.code]).toEqual([400, 'MALFORMED_JSON']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  it('401: before anything is said about the body', async () => {
    const answer = await at.harness.call('POST', PATH, { raw: '{"broken' });
    expect([answer.status, answer.body.code]).toEqual([401, 'KEY_MISSING']);
  });

  it('401: a key that nobody has', async () => {
    const answer = await at.harness.call('POST', PATH, { key: unissuedKey(), body: {} });
    expect([answer.status, answer.body.code]).toEqual([401, 'KEY_UNKNOWN']);
  });

  it('403: a key that may only read', async () => {
    const { id, externalId } = await at.harness.organisation();
    const key = await at.harness.key(id, { scopes: ['integrations:read', 'audit:write'] });
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    expect([answer.status, answer.body.code]).toEqual([403, 'SCOPE_MISSING']);
    expect(answer.body.detail).toContain('integrations:write');
  });

  it('409: the registry refuses an overlap', async () => {
    const { key, externalId } = await at.harness.organisation();
    const { stop } = await registry(() => {
      throw new Rejected('INTEGRATION_OVERLAPS', 'int_1 watches the same.', [
        { pointer: '/filters', code: 'INTEGRATION_OVERLAPS', message: 'overlaps' },
      ]);
    });
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    await stop();
    expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).toEqual([
      409,
      'INTEGRATION_OVERLAPS',
      '/filters',
    ]);
  });

  it('413: more than 1 MB', async () => {
    const { key } = await at.harness.organisation();
    const answer = await at.harness.call('POST', PATH, { key, body: { name: 'x'.repeat(1_100_000) } });
    expect([answer.status, answer.body.code]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('415: another type than JSON', async () => {
    const { key } = await at.harness.organisation();
    const answer = await at.harness.call('POST', PATH, {
      key,
      raw: 'a=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('422: every missing field is named at once', async () => {
    const { key } = await at.harness.organisation();
    for (const o of [{ body: {} }, {}]) {
      const answer = await at.harness.call('POST', PATH, { key, ...o });
      expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
      expect(answer.body.errors.map((error: { pointer: string; code: string }) => [error.pointer, error.code])).toEqual(
        [
          ['/awsAccountId', 'REQUIRED'],
          ['/region', 'REQUIRED'],
          ['/roleArn', 'REQUIRED'],
          ['/externalId', 'REQUIRED'],
        ],
      );
    }
  });

  it.each([
    ['an interval below 30', { syncInterval: 29 }, '/syncInterval', 'OUT_OF_RANGE'],
    ['an interval above 3600', { syncInterval: 3601 }, '/syncInterval', 'OUT_OF_RANGE'],
    ['an interval that is text', { syncInterval: '60' }, '/syncInterval', 'WRONG_TYPE'],
    ['half a second', { syncInterval: 60.5 }, '/syncInterval', 'WRONG_TYPE'],
    ['an unknown field', { sync_interval: 60 }, '/sync_interval', 'UNKNOWN_FIELD'],
    ['an unknown field inside', { filters: { prefix: 'a' } }, '/filters/prefix', 'UNKNOWN_FIELD'],
    ['filters that are text', { filters: 'credit' }, '/filters', 'WRONG_TYPE'],
    ['a list of filters', { filters: [{ namePrefix: 'credit' }] }, '/filters', 'WRONG_TYPE'],
    ['a tag that is a number', { filters: { tags: { Environment: 1 } } }, '/filters/tags', 'INVALID_VALUE'],
    ['tags that are a list', { filters: { tags: ['production'] } }, '/filters/tags', 'INVALID_VALUE'],
    ['a prefix with a star', { filters: { namePrefix: 'credit*' } }, '/filters/namePrefix', 'INVALID_VALUE'],
    ['an account of 11 digits', { awsAccountId: '12345678901' }, '/awsAccountId', 'INVALID_VALUE'],
    ['an account as a number', { awsAccountId: 123456789012 }, '/awsAccountId', 'INVALID_VALUE'],
    ['no region', { region: 'London' }, '/region', 'INVALID_VALUE'],
    ['a user instead of a role', { roleArn: 'arn:aws:iam::123456789012:user/jane' }, '/roleArn', 'INVALID_VALUE'],
    ['an external id of another form', { externalId: 'mine' }, '/externalId', 'INVALID_VALUE'],
    ['a flag that is text', { captureMetrics: 'yes' }, '/captureMetrics', 'WRONG_TYPE'],
    ['too long a look back', { backfillDays: 91 }, '/backfillDays', 'OUT_OF_RANGE'],
    ['null for what is needed', { region: null }, '/region', 'REQUIRED'],
  ])('422: %s', async (_what, change, pointer, code) => {
    const { key, externalId } = await at.harness.organisation();
    const answer = await at.harness.call('POST', PATH, { key, body: { ...publicBody(externalId), ...change } });
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(answer.body.errors).toMatchObject([{ pointer, code, message: expect.stringMatching(/\.$/) }]);
  });

  it('422: an account that is not the role’s', async () => {
    const { key, externalId } = await at.harness.organisation();
    const answer = await at.harness.call('POST', PATH, {
      key,
      body: { ...publicBody(externalId), awsAccountId: '999999999999' },
    });
    expect([answer.status, answer.body.code]).toEqual([422, 'ACCOUNT_MISMATCH']);
    expect(answer.body.errors).toMatchObject([{ pointer: '/roleArn' }]);
  });

  it('422: a foreign external id, as the registry says', async () => {
    const { key } = await at.harness.organisation();
    const { stop } = await registry(() => {
      throw new Rejected('EXTERNAL_ID_MISMATCH', 'Not yours.', [
        { pointer: '/externalId', code: 'EXTERNAL_ID_MISMATCH', message: 'Not yours.' },
      ]);
    });
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody('aud_ext_ZZZZZZZZZZZZZZZZZZZZ') });
    await stop();
    expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).toEqual([
      422,
      'EXTERNAL_ID_MISMATCH',
      '/externalId',
    ]);
  });

  it('422: a refusal whose code is new to the gateway keeps its words', async () => {
    const { key, externalId } = await at.harness.organisation();
    const { stop } = await registry(() => {
      throw new Rejected('SOMETHING_NEW', 'This is why.');
    });
    const answer = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    await stop();
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([422, 'REQUEST_REFUSED', 'This is why.']);
  });

  it('503: nobody answers for the registry, or it cannot', async () => {
    const { key, externalId } = await at.harness.organisation();
    const alone = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    expect([alone.status, alone.body.code]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(alone.headers.get('retry-after'))).toBeGreaterThan(0);
    const { stop } = await registry(() => {
      throw new Unavailable('ledger', 'Busy at /secret/path.');
    });
    const busy = await at.harness.call('POST', PATH, { key, body: publicBody(externalId) });
    await stop();
    expect([busy.status, busy.text.includes('/secret/path')]).toEqual([503, false]);
  });
});
