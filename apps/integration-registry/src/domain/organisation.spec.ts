import {
  type CreateApiKey,
  evolveOrganisation,
  type Organisation,
  type OrganisationEvent,
  Rejected,
} from '@audital/contracts';
import { organisationId } from '@audital/testing';
import { configChange } from './config-change';
import { decideRotation } from './external-id';
import { decideKey, decideRevocation } from './keys';

const by = { type: 'API_KEY', id: 'key' } as const;
const at = '2026-03-02T11:00:00.000Z';
const OLD = 'aud_ext_00000000000000000000';
const NEXT = 'aud_ext_11111111111111111111';

const created: OrganisationEvent = {
  type: 'OrganisationCreated',
  data: { at, by, organisationId: organisationId(1), name: 'x', kind: 'LIVE', siblingId: organisationId(2) },
};
const issued: OrganisationEvent = { type: 'ExternalIdIssued', data: { at, by, externalId: OLD } };
const started: OrganisationEvent = { type: 'ExternalIdRotationStarted', data: { at, by, externalId: NEXT } };
const given = (...events: OrganisationEvent[]): Organisation =>
  [created, issued, ...events].reduce<Organisation | null>(
    (state, event, revision) => evolveOrganisation(state, event, revision),
    null,
  ) as Organisation;
const rejected = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof Rejected) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('replacing the external id', () => {
  const o = { at, by, fresh: NEXT, stillNeeding: [] as string[] };
  const ids = ({ externalId, nextExternalId, retiredExternalId }: Organisation) => [
    externalId,
    nextExternalId,
    retiredExternalId,
  ];

  it('both are good from its start on; starting again gives out no third', () => {
    expect(decideRotation(given(), 'START', o)).toEqual([started]);
    expect(ids(given(started))).toEqual([OLD, NEXT, null]);
    expect(decideRotation(given(started), 'START', { ...o, fresh: 'another' })).toEqual([]);
  });

  it('it is finished when no role needs the old one, which is remembered as retired', () => {
    const finished = decideRotation(given(started), 'FINISH', o);
    expect(ids(given(started, ...finished))).toEqual([NEXT, null, OLD]);
    expect(rejected(() => decideRotation(given(started), 'FINISH', { ...o, stillNeeding: ['int_1'] }))).toBe(
      'EXTERNAL_ID_ROTATION',
    );
    expect(rejected(() => decideRotation(given(), 'FINISH', o))).toBe('EXTERNAL_ID_ROTATION');
  });

  it('it may be given up', () => {
    const cancelled = decideRotation(given(started), 'CANCEL', o);
    expect(ids(given(started, ...cancelled))).toEqual([OLD, null, NEXT]);
    expect(decideRotation(given(), 'CANCEL', o)).toEqual([]);
  });

  it('the chain hears of each step, and of no id', () => {
    for (const event of [started, ...decideRotation(given(started), 'FINISH', o)]) {
      const { payload } = configChange(event, { stream: 'organisation-x', revision: 2, integrationId: null });
      expect(payload['change']).toMatch(/^EXTERNAL_ID_ROTATION_(STARTED|FINISHED)$/);
      expect(JSON.stringify(payload)).not.toContain('aud_ext_');
    }
  });
});

describe('keys', () => {
  const fresh = { at, by, random: new Uint8Array(10), hmac: 'ab'.repeat(32), last4: 'wxyz' };
  const request: CreateApiKey = {
    organisationId: organisationId(1),
    by,
    holderScopes: ['keys:manage', 'audit:read'],
    prefix: 'ak_live_',
    label: 'export',
    scopes: ['audit:read'],
    idempotencyKey: 'once',
  };
  const made = decideKey(given(), request, fresh);
  const event = made.event as OrganisationEvent;
  const managing = decideKey(given(), { ...request, holderScopes: ['admin'], scopes: ['keys:manage'] }, fresh);

  it('one is made with scopes that the asking key has', () => {
    expect(made.key).toMatchObject({ label: 'export', last4: 'wxyz', scopes: ['audit:read'], revokedAt: null });
    expect(rejected(() => decideKey(given(), { ...request, scopes: ['admin'] }, fresh))).toBe('KEY_SCOPES_EXCEEDED');
    expect(decideKey(given(), { ...request, holderScopes: ['admin'], scopes: ['audit:write'] }, fresh).event).not.toBe(
      null,
    );
  });

  it('a repetition makes none, another request under the same Idempotency-Key is refused', () => {
    const again = decideKey(given(event), request, { ...fresh, hmac: 'cd'.repeat(32) });
    expect(again).toEqual({ event: null, key: made.key });
    expect(rejected(() => decideKey(given(event), { ...request, label: 'other' }, fresh))).toBe(
      'IDEMPOTENCY_KEY_REUSED',
    );
    expect(decideKey(given(event), { ...request, idempotencyKey: null }, fresh).event).not.toBe(null);
  });

  it('revoking twice is once; the last one that manages keys stays', () => {
    const revoked = decideRevocation(given(event), made.key.keyId, { at, by });
    expect(revoked).toEqual([{ type: 'ApiKeyRevoked', data: { at, by, keyId: made.key.keyId } }]);
    expect(decideRevocation(given(event, ...revoked), made.key.keyId, { at, by })).toEqual([]);
    expect(rejected(() => decideRevocation(given(), 'key_none', { at, by }))).toBe('KEY_NOT_FOUND');
    const last = given(managing.event as OrganisationEvent);
    expect(rejected(() => decideRevocation(last, managing.key.keyId, { at, by }))).toBe('KEY_LAST');
  });

  it('the chain hears of a key without its HMAC', () => {
    const { payload } = configChange(event, { stream: 'organisation-x', revision: 3, integrationId: null });
    expect(payload).toEqual({
      change: 'API_KEY_CREATED',
      keyId: made.key.keyId,
      label: 'export',
      prefix: 'ak_live_',
      last4: 'wxyz',
      scopes: ['audit:read'],
    });
  });
});
