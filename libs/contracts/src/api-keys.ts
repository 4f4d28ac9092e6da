/** `ak_live_` or `ak_test_`, 32 characters of base62, and 6 of checksum: a mistyped key is known without asking anybody. */
export type ApiKeyPrefix = 'ak_live_' | 'ak_test_';

export const API_KEY = /^(ak_live_|ak_test_)([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/;

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_CHARACTERS = 32;

/** `random` is 32 random bytes. */
export function makeApiKey(prefix: ApiKeyPrefix, random: Uint8Array): string {
  const body = base62(random, RANDOM_CHARACTERS);
  return `${prefix}${body}${checksum(prefix + body)}`;
}

/** Null for what cannot be a key: wrong form or wrong checksum. */
export function parseApiKey(text: string): { prefix: ApiKeyPrefix; last4: string } | null {
  const found = API_KEY.exec(text);
  if (!found || checksum(text.slice(0, -6)) !== found[3]) return null;
  return { prefix: found[1] as ApiKeyPrefix, last4: text.slice(-4) };
}

/** One character for each byte: 256 is no multiple of 62, so the first eight characters are a quarter likelier; 5.9 bits remain of each. */
export function base62(bytes: Uint8Array, length: number): string {
  let text = '';
  for (let index = 0; text.length < length; index += 1) {
    const byte = bytes[index % bytes.length] ?? 0;
    text += BASE62.charAt(byte % 62);
  }
  return text;
}

/** CRC-32 (IEEE 802.3) in six characters of base62. */
function checksum(text: string): string {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let digits = '';
  for (let index = 0; index < 6; index += 1) {
    digits = BASE62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
