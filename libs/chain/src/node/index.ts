import { createPublicKey, hash, verify } from 'node:crypto';
import type { VerifySignature } from '../check/note';
import type { Sha256 } from '../format/bytes';

/** What Node passes to the rest of this library, which itself runs anywhere. */
export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

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
