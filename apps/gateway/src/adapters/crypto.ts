import { createPublicKey, hash, verify } from 'node:crypto';
import type { Sha256, VerifySignature } from '@audital/chain/check';

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

/** The DER wrapping of a raw Ed25519 public key (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export const verifySignature: VerifySignature = (publicKey, message, signature) => {
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
};
