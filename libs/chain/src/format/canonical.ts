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
  return utf8(quickText(inOrder(value)) ?? canonicalText(value, []));
}

/** The same of an object of texts, lists of texts, safe integers and null, whose keys stand in canonical order already. */
export function canonicalBytesOfSorted(value: object): Uint8Array {
  return utf8(quickText(value) ?? canonicalText(value, []));
}

/** The canonical bytes when `value` is plain JSON of at most 32 levels and 256 KiB; else what is wrong with it. */
export function payloadBytes(value: unknown): Uint8Array | Uncanonical {
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return new Uncanonical('', 'is not a JSON object.');
    const bytes = canonicalBytes(value);
    return bytes.length <= PAYLOAD_BYTES_MAX
      ? bytes
      : new Uncanonical('', `has ${bytes.length} canonical bytes; at most ${PAYLOAD_BYTES_MAX} are taken.`);
  } catch (error) {
    if (error instanceof Uncanonical) return error;
    throw error;
  }
}

/** Null when `payloadBytes` answers bytes; else what is wrong with the value. */
export function checkPayload(value: unknown): Uncanonical | null {
  const bytes = payloadBytes(value);
  return bytes instanceof Uncanonical ? bytes : null;
}

/** The value is to go the long way, which says what is wrong with it, or knows what is right. */
const DOUBTFUL = undefined;

/** The canonical text, in a third of the time, of a value with sorted keys. Null where the long way has to tell. */
function quickText(sorted: unknown): string | null {
  if (sorted === DOUBTFUL) return null;
  const text = JSON.stringify(sorted);
  // An escape by number is a control character, or half of a surrogate pair.
  return text.includes('\\u') ? null : text;
}

/**
 * The value with its keys in canonical order, so that whoever hashes it later has nothing to sort. It has the same canonical bytes; what has
 * none is left as it is.
 */
export const inCanonicalOrder = <T>(value: T): T => (inOrder(value) ?? value) as T;

const inOrder = (value: unknown): unknown => (isInOrder(value, 0) ? value : sortedCopy(value, 0));

/** Whether the value is plain JSON whose keys stand in canonical order: what a collector sends does, and has nothing to be sorted. */
function isInOrder(value: unknown, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return isExact(value);
  if (typeof value !== 'object' || depth >= DEPTH_MAX || 'toJSON' in value) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) if (!isInOrder(value[index], depth + 1)) return false;
    return true;
  }
  if (!isPlain(value)) return false;
  let last = '';
  // This loop reads members several times as fast as one over Object.keys.
  for (const key in value) {
    if (key <= last) return false;
    last = key;
    if (!isInOrder((value as Record<string, unknown>)[key], depth + 1)) return false;
  }
  return true;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.getOwnPropertySymbols(value).length === 0;
}

const isExact = (value: number): boolean =>
  Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));

/** A copy that is plain JSON with its keys in canonical order. Or DOUBTFUL. */
function sortedCopy(value: unknown, depth: number): unknown {
  if (typeof value === 'number') return isExact(value) ? value : DOUBTFUL;
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || depth >= DEPTH_MAX || 'toJSON' in value) return DOUBTFUL;
  return Array.isArray(value) ? sortedArray(value, depth) : sortedObject(value as Record<string, unknown>, depth);
}

function sortedArray(items: unknown[], depth: number): unknown[] | typeof DOUBTFUL {
  const copy: unknown[] = [];
  // By index: a hole is undefined.
  for (let index = 0; index < items.length; index += 1) {
    const item = sortedCopy(items[index], depth + 1);
    if (item === DOUBTFUL) return DOUBTFUL;
    copy.push(item);
  }
  return copy;
}

function sortedObject(value: Record<string, unknown>, depth: number): object | typeof DOUBTFUL {
  if (!isPlain(value)) return DOUBTFUL;
  const copy: Record<string, unknown> = {};
  // Without a comparison, sort goes by UTF-16 code units.
  for (const key of Object.keys(value).sort()) {
    // An object puts whole numbers before all other keys, whatever the order in which they are set.
    if (key === '__proto__' || isDigit(key.charCodeAt(0))) return DOUBTFUL;
    const member = sortedCopy(value[key], depth + 1);
    if (member === DOUBTFUL) return DOUBTFUL;
    copy[key] = member;
  }
  return copy;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** `path` holds the keys that led to the value: it is put together only when something is wrong with it. */
function canonicalText(value: unknown, path: (string | number)[]): string {
  if (typeof value === 'string') return stringText(value, path);
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === 'number') return numberText(value, path);
  if (typeof value !== 'object') throw wrong(path, `is ${typeof value}, which JSON does not have.`);
  if (path.length >= DEPTH_MAX) throw wrong(path, `is nested deeper than ${DEPTH_MAX} levels.`);
  return Array.isArray(value) ? arrayText(value, path) : objectText(value, path);
}

function arrayText(items: unknown[], path: (string | number)[]): string {
  let text = '[';
  // By index: a hole is undefined, which is refused.
  for (let index = 0; index < items.length; index += 1) {
    path.push(index);
    text += (index > 0 ? ',' : '') + canonicalText(items[index], path);
    path.pop();
  }
  return `${text}]`;
}

function objectText(value: object, path: (string | number)[]): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw wrong(path, 'is not a plain object.');
  if (Object.getOwnPropertySymbols(value).length > 0) throw wrong(path, 'has a symbol for a key.');
  // Without a comparison, sort goes by UTF-16 code units.
  const keys = Object.keys(value).sort();
  let text = '{';
  for (const key of keys) {
    path.push(key);
    const name = stringText(key, path);
    text += `${text.length > 1 ? ',' : ''}${name}:${canonicalText((value as Record<string, unknown>)[key], path)}`;
    path.pop();
  }
  return `${text}}`;
}

/** Printable ASCII without quote and backslash is its own JSON text. */
const PLAIN = /^[ !#-[\]-~]*$/;

function stringText(value: string, path: (string | number)[]): string {
  if (PLAIN.test(value)) return `"${value}"`;
  if (!value.isWellFormed()) throw wrong(path, 'holds half of a surrogate pair, which UTF-8 cannot represent.');
  return JSON.stringify(value);
}

function numberText(value: number, path: (string | number)[]): string {
  if (!Number.isFinite(value)) throw wrong(path, `is ${value}, which JSON does not have: write it as a string.`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw wrong(path, 'is an integer beyond 2^53 - 1, which loses digits: write it as a string.');
  return Object.is(value, -0) ? '0' : String(value);
}

function wrong(path: (string | number)[], reason: string): Uncanonical {
  const pointer = path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return new Uncanonical(pointer, reason);
}
