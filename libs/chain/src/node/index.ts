import { createPublicKey, hash, verify } from 'node:crypto';
import type { DecodeBase64 } from '../check/export';
import type { VerifySignature } from '../check/note';
import type { Sha256 } from '../format/bytes';

/** What Node passes to the rest of this library, which itself runs anywhere. By way of a string: a buffer made by OpenSSL costs twice the hashing. */
export const sha256: Sha256 = (bytes) => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');
sha256.hex = (bytes) => hash('sha256', bytes, 'hex');

/** The DER wrapping of a raw Ed25519 public key (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** False for a malformed key or signature; never throws. */
export const verifyEd25519: VerifySignature = (publicKey, message, signature) => {
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
};

const BASE64_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * `fromBase64` by Node. Buffer takes more than the one spelling: it passes over strange characters, which the length then shows, and reads - and _ as
 * + and /. What is left are unused bits in the last digit.
 */
export const decodeBase64: DecodeBase64 = (text) => {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  const isWhole = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - padding;
  if (!isWhole || text.includes('-') || text.includes('_')) throw new RangeError('Not base64.');
  if (padding === 0) return bytes;
  const last = BASE64_DIGITS.indexOf(text.charAt(text.length - padding - 1));
  if ((last & (padding === 2 ? 15 : 3)) !== 0) throw new RangeError('Not base64: unused bits are set.');
  return bytes;
};
