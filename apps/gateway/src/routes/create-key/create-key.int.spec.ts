import { type CreateApiKey, Rejected } from '@audital/contracts';
import { checkLedger, startNats } from '@audital/testing';
import { answering } from '../../testing/answering';
import { gatewayForTests } from '../../testing/gateway-for-tests';

const at = gatewayForTests({ startNats, checkLedger });
const TEXT = 'ak_live_00000000000000000000000000000000000000';

const registry = async (answer: (request: CreateApiKey) => unknown) =>
  answering(await at.nats.connect('integration-registry'), 'ask.registry.create-key', answer);

const made = ({ label, prefix, scopes }: CreateApiKey, text: string | null) => ({
  key: { keyId: 'key_1', label, prefix, last4: 'WXYZ', scopes, createdAt: '2026-03-02T11:00:00.000Z', revokedAt: null },
  text,
});

describe('POST /v1/keys', () => {
  it('201: shows the key, to nobody on the way, and says who asked with which scopes', async () => {
    const { id, key } = await at.harness.organisation();
    const { asked, stop } = await registry((request) => made(request, TEXT));
    const answer = await at.harness.call('POST', '/v1/keys', {
      key,
      body: { label: 'export', scopes: ['audit:read'] },
    });
    await stop();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store']);
    expect(answer.body).toMatchObject({ id: 'key_1', mode: 'live', hint: 'ak_live_…WXYZ', key: TEXT });
    expect(asked).toMatchObject([
      { organisationId: id, prefix: 'ak_live_', idempotencyKey: null, holderScopes: expect.arrayContaining(['admin']) },
    ]);
  });

  it('201: a repetition shows no key', async () => {
    const { key } = await at.harness.organisation();
    const { stop } = await registry((request) => made(request, null));
    const o = { key, body: { label: 'x', scopes: ['audit:read'] }, headers: { 'Idempotency-Key': 'once' } };
    const answer = await at.harness.call('POST', '/v1/keys', o);
    await stop();
    expect([answer.body.key, answer.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
  });

  it('a test key asks for a test key, in its sandbox', async () => {
    const { id, sandboxId } = await at.harness.organisation();
    const key = await at.harness.key(id, { prefix: 'ak_test_' });
    const { asked, stop } = await registry((request) => made(request, TEXT));
    await at.harness.call('POST', '/v1/keys', { key, body: { label: 'x', scopes: ['audit:read'] } });
    await stop();
    expect(asked).toMatchObject([{ organisationId: sandboxId, prefix: 'ak_test_' }]);
  });

  it.each([
    ['no scopes', { label: 'x', scopes: [] }, '/scopes'],
    ['an unknown scope', { label: 'x', scopes: ['everything'] }, '/scopes'],
    ['one scope twice', { label: 'x', scopes: ['admin', 'admin'] }, '/scopes'],
    ['scopes as text', { label: 'x', scopes: 'admin' }, '/scopes'],
    ['no label', { scopes: ['admin'] }, '/label'],
    ['another mode', { label: 'x', scopes: ['admin'], mode: 'dry' }, '/mode'],
  ])('422: %s', async (_, body, pointer) => {
    const { key } = await at.harness.organisation();
    const answer = await at.harness.call('POST', '/v1/keys', { key, body });
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([422, pointer]);
  });

  it('403: without keys:manage; 422: more than the own scopes', async () => {
    const { id, key } = await at.harness.organisation();
    const reader = await at.harness.key(id, { scopes: ['audit:read'] });
    const body = { label: 'x', scopes: ['admin'] };
    expect((await at.harness.call('POST', '/v1/keys', { key: reader, body })).status).toBe(403);
    const { stop } = await registry(() => {
      throw new Rejected('KEY_SCOPES_EXCEEDED', 'Your own key lacks admin.');
    });
    const answer = await at.harness.call('POST', '/v1/keys', { key, body });
    await stop();
    expect([answer.status, answer.body.code]).toEqual([422, 'KEY_SCOPES_EXCEEDED']);
  });
});
