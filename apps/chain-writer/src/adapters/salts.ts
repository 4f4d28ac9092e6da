import { randomBytes } from 'node:crypto';
import { SALT_BYTES } from '@audital/contracts';

const SALTS_AT_ONCE = 256;

/** Random salts, each given out once; the system is asked for many at a time. */
export function salts(): () => Uint8Array {
  let pool: Buffer = Buffer.alloc(0);
  let given = 0;
  return () => {
    if (given === pool.length) [pool, given] = [randomBytes(SALT_BYTES * SALTS_AT_ONCE), 0];
    return pool.subarray(given, (given += SALT_BYTES));
  };
}
