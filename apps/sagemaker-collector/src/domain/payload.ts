import { createHash } from 'node:crypto';
import { canonicalBytes, checkPayload } from '@audital/chain/write';
import { type Json, type JsonObject, LIMITS } from '@audital/contracts';

/** Something that could not be read, and the permission that would let us. */
export interface CaptureGap {
  field: string;
  reason: string;
  permission: string | null;
}

/** JSON as it can be hashed: dates as RFC 3339, NaN, infinities and unsafe integers as strings, undefined left out. */
export function hashable(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number')
    return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)) ? value : String(value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(hashable);
  if (typeof value !== 'object') return null;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key.toWellFormed(), hashable(member)]));
}

/** Room for the gaps that say what was cut. */
const GAPS_BYTES = 16 * 1024;
const TEXT_KEPT = 256;

/** Where to cut, from the payload down: the largest member each time, until it is a list or a text. */
interface Place {
  holder: { [key: string]: Json };
  key: string;
  path: string;
}

/**
 * A payload that can be sealed. Of one that is too large the largest parts are shortened, lists to their first half and texts to their
 * first 256 characters, again and again until it fits; each leaves the SHA-256 of its canonical bytes and says TOO_LARGE.
 */
export function fitPayload(payload: JsonObject): JsonObject {
  if (checkPayload(payload) === null) return payload;
  const shorter = structuredClone(payload);
  const gaps = new Map<string, JsonObject>();
  while (sizeOf(shorter) > LIMITS.payloadBytesMax - GAPS_BYTES) {
    const place = largestPlace(shorter);
    if (place === null) break;
    const whole = place.holder[place.key] as Json;
    if (!gaps.has(place.path)) gaps.set(place.path, cutGap(place.path, whole));
    place.holder[place.key] = shortened(whole);
  }
  const before = Array.isArray(shorter['captureGaps']) ? shorter['captureGaps'] : [];
  return gaps.size === 0 ? payload : { ...shorter, captureGaps: [...before, ...gaps.values()] };
}

const sizeOf = (value: Json): number => canonicalBytes(value).length;

const cutGap = (field: string, whole: Json): JsonObject => ({
  field,
  reason: 'TOO_LARGE',
  permission: null,
  sha256: createHash('sha256').update(canonicalBytes(whole)).digest('hex'),
  bytes: sizeOf(whole),
});

function shortened(value: Json): Json {
  if (Array.isArray(value)) return value.slice(0, Math.floor(value.length / 2));
  return typeof value === 'string' ? value.slice(0, TEXT_KEPT).toWellFormed() : null;
}

function largestPlace(payload: JsonObject): Place | null {
  let holder = payload;
  let path = '';
  for (;;) {
    const sizes = Object.entries(holder)
      .filter(([key]) => key !== 'captureGaps' || holder !== payload)
      .map(([key, value]) => ({ key, value, size: sizeOf(value) }));
    const largest = sizes.sort((a, b) => b.size - a.size)[0];
    if (!largest || largest.size <= TEXT_KEPT) return null;
    const { key, value } = largest;
    path = path === '' ? key : `${path}.${key}`;
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    // Of a map with many small members no single one is worth cutting: it goes as a whole.
    const small = isMap && Object.values(value).every((member) => sizeOf(member) <= TEXT_KEPT);
    if (!isMap || small) return { holder, key, path };
    holder = value;
  }
}
