import {
  type Actor,
  type ApiKey,
  type CreateApiKey,
  type Idempotency,
  makeId,
  type Organisation,
  type OrganisationEvent,
  Rejected,
  type Scope,
  type ShownApiKey,
} from '@audital/contracts';
import { idempotencyOf, repeated } from './idempotency';

export interface NewKey {
  at: string;
  by: Actor;
  /** Ten random bytes, for the id. */
  random: Uint8Array;
  hmac: string;
  last4: string;
}

export type KeyDecision = { event: OrganisationEvent | null; key: ShownApiKey };

const may = (scopes: readonly Scope[], scope: Scope): boolean => scopes.includes(scope) || scopes.includes('admin');

/** Throws Rejected. `event` is null for a repetition: the key is shown to nobody twice. */
export function decideKey(organisation: Organisation, request: CreateApiKey, o: NewKey): KeyDecision {
  const beyond = request.scopes.filter((scope) => !may(request.holderScopes, scope));
  if (beyond.length > 0) {
    const message = `Your own key lacks ${beyond.join(', ')}, so it cannot give them to another.`;
    throw new Rejected('KEY_SCOPES_EXCEEDED', message, [{ pointer: '/scopes', code: 'KEY_SCOPES_EXCEEDED', message }]);
  }
  const { prefix, label, scopes } = request;
  const idempotency = idempotencyOf(request.idempotencyKey, { prefix, label, scopes });
  const before = repeated(idempotency, organisation.keys);
  if (before) return { event: null, key: shown(before) };
  const { at, by, hmac, last4 } = o;
  const keyId = makeId('key', Date.parse(at), o.random);
  const data = { at, by, keyId, label, prefix, last4, hmac, scopes, ...withIdempotency(idempotency) };
  return {
    event: { type: 'ApiKeyCreated', data },
    key: { keyId, label, prefix, last4, scopes, createdAt: at, revokedAt: null },
  };
}

const withIdempotency = (idempotency: Idempotency | null): { idempotency?: Idempotency } =>
  idempotency === null ? {} : { idempotency };

export function shown({ keyId, label, prefix, last4, scopes, createdAt, revokedAt }: ApiKey): ShownApiKey {
  return { keyId, label, prefix, last4, scopes, createdAt, revokedAt };
}

/** Throws Rejected; nothing when it was revoked before. The last key that may manage keys stays: without it nobody could let anybody in. */
export function decideRevocation(
  organisation: Organisation,
  keyId: string,
  o: { at: string; by: Actor },
): OrganisationEvent[] {
  const key = organisation.keys.find((one) => one.keyId === keyId);
  if (!key) throw new Rejected('KEY_NOT_FOUND', 'Your organisation has no key with this id.');
  if (key.revokedAt !== null) return [];
  const managing = organisation.keys.filter((one) => one.revokedAt === null && may(one.scopes, 'keys:manage'));
  if (organisation.kind === 'LIVE' && managing.length === 1 && managing[0] === key)
    throw new Rejected(
      'KEY_LAST',
      'This is the last key of your organisation that may manage keys: make another one with keys:manage first.',
    );
  return [{ type: 'ApiKeyRevoked', data: { ...o, keyId } }];
}
