import {
  type Actor,
  base62,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
  parseApiKey,
  Rejected,
  type Scope,
  makeId,
} from '@audital/contracts';

const ALL_SCOPES: Scope[] = [
  'audit:read',
  'audit:write',
  'integrations:read',
  'integrations:write',
  'keys:manage',
  'admin',
];

/** All that making an organisation needs from outside: bytes that follow from the first key, so that repeating it finds the same. */
export interface OrganisationSeed {
  /** 32 bytes that only the holder of pepper and key can make. */
  bytes: Uint8Array;
  /** HMAC of the first key under the pepper. */
  keyHmac: string;
}

export interface Birth {
  organisationId: OrganisationId;
  sandboxId: OrganisationId;
  externalId: string;
}

/** Ids without a time in them: the same key gives the same organisation, whenever it is asked for. */
export function birthOf(seed: OrganisationSeed): Birth {
  const at = (from: number): Uint8Array => seed.bytes.slice(from, from + 10);
  return {
    organisationId: makeId('org', 0, at(0)),
    sandboxId: makeId('org', 0, at(10)),
    externalId: `aud_ext_${base62(seed.bytes.slice(12), 20)}`,
  };
}

/** What is still missing of an organisation; a crash between two appends is mended by asking again. */
export function decideBirth(
  state: Organisation | null,
  o: {
    organisationId: OrganisationId;
    siblingId: OrganisationId;
    kind: 'LIVE' | 'SANDBOX';
    name: string;
    externalId: string;
    firstKey: { hmac: string; text: string } | null;
    at: string;
    by: Actor;
  },
): OrganisationEvent[] {
  const { at, by, organisationId, siblingId, kind, name, externalId, firstKey } = o;
  const events: OrganisationEvent[] = [];
  if (state === null)
    events.push({ type: 'OrganisationCreated', data: { at, by, organisationId, name, kind, siblingId } });
  if ((state?.externalId ?? null) === null) events.push({ type: 'ExternalIdIssued', data: { at, by, externalId } });
  if (firstKey && !state?.keys.some(({ hmac }) => hmac === firstKey.hmac)) {
    const key = parseApiKey(firstKey.text);
    if (!key)
      throw new Rejected('API_KEY_INVALID', 'The first key is not ak_live_ and 38 characters with a right checksum.');
    const data = {
      at,
      by,
      keyId: makeId('key', Date.parse(at), hexBytes(firstKey.hmac).subarray(0, 10)),
      label: 'first key',
      prefix: key.prefix,
      last4: key.last4,
      hmac: firstKey.hmac,
      scopes: ALL_SCOPES,
    };
    events.push({ type: 'ApiKeyCreated', data });
  }
  return events;
}

const hexBytes = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
