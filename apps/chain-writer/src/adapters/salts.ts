import { randomBytes } from 'node:crypto';
import { SALT_BYTES } from '@audital/contracts';

const SALTS_AT_ONCE = 256;

/** Random salts, each given out once; the system is asked for many at a time. */
export function salts(): () => Uint8Array {
  let pool: Buffer = Buffer.alloc(0);
  return () => {
    if (pool.length === 0) pool = randomBytes(SALT_BYTES * SALTS_AT_ONCE);
    const salt = pool.subarray(0, SALT_BYTES);
    pool = pool.subarray(SALT_BYTES);
    return salt;
  };
}
