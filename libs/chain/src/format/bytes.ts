/** SHA-256 of the bytes, 32 bytes. Passed in: node:crypto in services, a browser library in the dashboard. */
export interface Sha256 {
  (bytes: Uint8Array): Uint8Array;
  /** The same in lower-case hex digits, where that is to be had faster than by `toHex`. */
  hex?: (bytes: Uint8Array) => string;
}

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const SLAB_BYTES = 64 * 1024;
const SHARED_BYTES_MAX = SLAB_BYTES / 4;
let slab = new Uint8Array(SLAB_BYTES);
let used = 0;

/** Small arrays share a slab, as Node's buffers do: one of its own takes longer to make and to collect than to fill. */
function room(size: number): Uint8Array {
  if (size > SHARED_BYTES_MAX) return new Uint8Array(size);
  if (used + size > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  return slab.subarray(used, used + size);
}

function take(size: number): Uint8Array {
  const taken = room(size);
  if (size <= SHARED_BYTES_MAX) used += size;
  return taken;
}

/** UTF-16 makes at most three bytes of one unit. */
const UTF8_BYTES_MAX = 3;

export function utf8(text: string): Uint8Array {
  const most = UTF8_BYTES_MAX * text.length;
  if (most > SHARED_BYTES_MAX) return encoder.encode(text);
  return take(encoder.encodeInto(text, room(most)).written);
}

/** Throws a TypeError for bytes that are not UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => strictDecoder.decode(bytes);

export function concat(...parts: Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const joined = take(size);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/** The value of each character in an alphabet of at most 64; INVALID, the bit above them all, for every other. */
const INVALID = 64;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Node's buffers have the fast way. */
export function toHex(bytes: Uint8Array & { hexSlice?: (start: number, end: number) => string }): string {
  if (bytes.hexSlice) return bytes.hexSlice(0, bytes.length);
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

const HEX_VALUE = valuesOf('0123456789abcdef');

export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  let seen = text.length % 2 === 0 ? 0 : INVALID;
  for (let index = 0; index < bytes.length; index += 1) {
    const high = HEX_VALUE[text.charCodeAt(2 * index)] ?? INVALID;
    const low = HEX_VALUE[text.charCodeAt(2 * index + 1)] ?? INVALID;
    seen |= high | low;
    bytes[index] = (high << 4) | low;
  }
  if (seen >= INVALID) throw new RangeError('Not lower-case hex digits.');
  return bytes;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE64_VALUE = valuesOf(BASE64);

function valuesOf(alphabet: string): Uint8Array {
  const values = new Uint8Array(128).fill(INVALID);
  for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value;
  return values;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    text += BASE64.charAt(group >> 18) + BASE64.charAt((group >> 12) & 63);
    text += left > 1 ? BASE64.charAt((group >> 6) & 63) : '=';
    text += left > 2 ? BASE64.charAt(group & 63) : '=';
  }
  return text;
}

/** Strict: padded, no white space, unused bits zero. One text for one sequence of bytes. */
export function fromBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  if (text.length % 4 !== 0) throw new RangeError('Not base64.');
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let [seen, out] = [0, 0];
  const whole = digits - (digits % 4);
  for (let index = 0; index < whole; index += 4) {
    const a = BASE64_VALUE[text.charCodeAt(index)] ?? INVALID;
    const b = BASE64_VALUE[text.charCodeAt(index + 1)] ?? INVALID;
    const c = BASE64_VALUE[text.charCodeAt(index + 2)] ?? INVALID;
    const d = BASE64_VALUE[text.charCodeAt(index + 3)] ?? INVALID;
    seen |= a | b | c | d;
    bytes[out++] = (a << 2) | (b >> 4);
    bytes[out++] = (b << 4) | (c >> 2);
    bytes[out++] = (c << 6) | d;
  }
  if (padding > 0) {
    const a = BASE64_VALUE[text.charCodeAt(whole)] ?? INVALID;
    const b = BASE64_VALUE[text.charCodeAt(whole + 1)] ?? INVALID;
    const c = padding === 1 ? (BASE64_VALUE[text.charCodeAt(whole + 2)] ?? INVALID) : 0;
    seen |= a | b | c;
    bytes[out++] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[out] = (b << 4) | (c >> 2);
    if ((padding === 2 ? b & 15 : c & 3) !== 0) throw new RangeError('Not base64: unused bits are set.');
  }
  if (seen >= INVALID) throw new RangeError('Not base64.');
  return bytes;
}
