import { createHash } from 'node:crypto';
import { canonicalBytes, checkPayload } from '@audital/chain/write';
import type { Json, JsonObject } from '@audital/contracts';

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

/** What a payload gives up first when it is too large; what names and times the event stays. */
const SHORTENED = [
  'environment',
  'hyperParameters',
  'inputDataConfig',
  'violations',
  'secondaryStatusTransitions',
  'vpcConfig',
  'specification',
];

/** A payload that can be sealed: too large ones leave the SHA-256 of what was cut, and say TOO_LARGE. */
export function fitPayload(payload: JsonObject): JsonObject {
  if (checkPayload(payload) === null) return payload;
  let shorter: JsonObject = payload;
  for (const name of SHORTENED) {
    const value = shorter[name];
    if (value === undefined || value === null) continue;
    const cut: JsonObject = {
      field: name,
      reason: 'TOO_LARGE',
      sha256: createHash('sha256').update(canonicalBytes(value)).digest('hex'),
    };
    const gaps = Array.isArray(shorter['captureGaps']) ? shorter['captureGaps'] : [];
    shorter = { ...shorter, [name]: null, captureGaps: [...gaps, cut] };
    if (checkPayload(shorter) === null) return shorter;
  }
  return shorter;
}

/** Something that could not be read, and the permission that would let us. */
export interface CaptureGap {
  field: string;
  reason: string;
  permission: string | null;
}
