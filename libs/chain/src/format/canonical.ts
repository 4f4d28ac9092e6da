import { utf8 } from './bytes';

/** The value has no canonical form: `pointer` (RFC 6901) says where, `reason` why. */
export class Uncanonical extends Error {
  override readonly name = 'Uncanonical';
  constructor(
    readonly pointer: string,
    readonly reason: string,
  ) {
    super(`${pointer === '' ? 'The value' : pointer} ${reason}`);
  }
}

export const PAYLOAD_BYTES_MAX = 256 * 1024;
export const DEPTH_MAX = 32;

/**
 * The bytes that are hashed: RFC 8785 (JCS). JSON.stringify writes strings and numbers as JCS wants them once lone surrogates, NaN and
 * infinities are refused; keys are sorted by UTF-16 code units. Integers that JavaScript cannot hold exactly are refused too: what
 * arrives as …993 would be hashed as …992.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  return utf8(canonicalText(value, '', 0));
}

/** Null when `value` is plain JSON of at most 32 levels and 256 KiB; else what is wrong with it. */
export function checkPayload(value: unknown): Uncanonical | null {
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return new Uncanonical('', 'is not a JSON object.');
    const size = canonicalBytes(value).length;
    return size <= PAYLOAD_BYTES_MAX
      ? null
      : new Uncanonical('', `has ${size} canonical bytes; at most ${PAYLOAD_BYTES_MAX} are taken.`);
  } catch (error) {
    if (error instanceof Uncanonical) return error;
    throw error;
  }
}

function canonicalText(value: unknown, pointer: string, depth: number): string {
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === 'string') return stringText(value, pointer);
  if (typeof value === 'number') return numberText(value, pointer);
  if (typeof value !== 'object') throw new Uncanonical(pointer, `is ${typeof value}, which JSON does not have.`);
  if (depth >= DEPTH_MAX) throw new Uncanonical(pointer, `is nested deeper than ${DEPTH_MAX} levels.`);
  if (Array.isArray(value)) {
    // Array.from turns holes into undefined, which is refused.
    return `[${Array.from(value, (item: unknown, index) => canonicalText(item, `${pointer}/${index}`, depth + 1)).join(',')}]`;
  }
  return objectText(value, pointer, depth);
}

function objectText(value: object, pointer: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new Uncanonical(pointer, 'is not a plain object.');
  if (Object.getOwnPropertySymbols(value).length > 0) throw new Uncanonical(pointer, 'has a symbol for a key.');
  const members = Object.entries(value as Record<string, unknown>);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  let text = '{';
  for (const [key, member] of members) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    text += `${text.length > 1 ? ',' : ''}${stringText(key, at)}:${canonicalText(member, at, depth + 1)}`;
  }
  return `${text}}`;
}

function stringText(value: string, pointer: string): string {
  if (!value.isWellFormed())
    throw new Uncanonical(pointer, 'holds half of a surrogate pair, which UTF-8 cannot represent.');
  return JSON.stringify(value);
}

function numberText(value: number, pointer: string): string {
  if (!Number.isFinite(value))
    throw new Uncanonical(pointer, `is ${value}, which JSON does not have: write it as a string.`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new Uncanonical(pointer, 'is an integer beyond 2^53 - 1, which loses digits: write it as a string.');
  }
  return JSON.stringify(value);
}
