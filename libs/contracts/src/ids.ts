/** Ids are a prefix and 26 characters of Crockford's base32: a ULID (https://github.com/ulid/spec), 48 bits of time in ms, 80 bits more. */
export type EventId = `evt_${string}`;
export type OrganisationId = `org_${string}`;
export type IntegrationId = `int_${string}`;
export type ModelId = `mdl_${string}`;
export type KeyId = `key_${string}`;
export type ExternalId = `aud_ext_${string}`;

export type IdPrefix = 'evt' | 'org' | 'int' | 'mdl' | 'key' | 'wh' | 'req';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Two characters by their ten bits. */
const PAIRS = Array.from({ length: 1024 }, (_, bits) => `${ALPHABET[bits >> 5]}${ALPHABET[bits & 31]}`);
const TIME_MS_MAX = 2 ** 48 - 1;

/** `length` characters of Crockford base32, five bits each from the most significant on; missing bits are zero. */
export function base32(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let bit = 0; bit < 5 * length; bit += 10) {
    const at = bit >> 3;
    // Ten bits that begin at an even one lie in two bytes.
    const two = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    text += PAIRS[(two >> (6 - (bit & 7))) & 1023];
  }
  return text.length > length ? text.slice(0, length) : text;
}

/** The first 10 characters of a ULID. A time before 1970 counts as 1970. */
export function ulidTime(timeMs: number): string {
  const time = Math.min(Math.max(Math.trunc(timeMs), 0), TIME_MS_MAX);
  return fiveOf(Math.floor(time / 2 ** 25)) + fiveOf(time % 2 ** 25);
}

/** 25 bits. */
const fiveOf = (bits: number): string => `${PAIRS[bits >> 15]}${PAIRS[(bits >> 5) & 1023]}${ALPHABET[bits & 31]}`;

/** The 26 characters of a ULID. `tail` is 10 bytes. */
export function ulid(timeMs: number, tail: Uint8Array): string {
  if (tail.length !== 10) throw new RangeError(`A ULID has a tail of 10 bytes, not ${tail.length}.`);
  return ulidTime(timeMs) + base32(tail, 16);
}

export function makeId<P extends IdPrefix>(prefix: P, timeMs: number, tail: Uint8Array): `${P}_${string}` {
  return `${prefix}_${ulid(timeMs, tail)}`;
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
const BASE32_26 = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Whether `text` is a whole id with this prefix. `mdl_` carries no time, so its first character is free. */
export function isId(prefix: IdPrefix, text: unknown): boolean {
  if (typeof text !== 'string' || !text.startsWith(`${prefix}_`)) return false;
  const body = text.slice(prefix.length + 1);
  return prefix === 'mdl' ? BASE32_26.test(body) : ULID.test(body);
}

/** The 80 bits of an event id that are its identity (DESIGN §2), as 16 characters: the time in front of them may differ. */
export function identityOf(id: EventId): string {
  return id.slice(-16);
}

/** `aud_ext_` and 20 characters of base62. */
export const EXTERNAL_ID = /^aud_ext_[0-9A-Za-z]{20}$/;
