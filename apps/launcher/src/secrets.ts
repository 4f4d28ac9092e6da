import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rejected, makeApiKey } from '@audital/contracts';
import { NATS_USERS } from '@audital/messaging';
import { writeDurably } from './data-folder';

export interface Secrets {
  masterFile: string;
  pepperFile: string;
  /** One password for each NATS user. */
  natsPasswords: Record<string, string>;
  /** Made beforehand, so that making the first organisation can be repeated. */
  firstKey: string;
}

/** Reads the secrets of a data folder, making what is missing: each file once, mode 0600, never overwritten. */
export function openSecrets(folder: string): Secrets {
  const masterFile = join(folder, 'master');
  const pepperFile = join(folder, 'key-pepper');
  for (const file of [masterFile, pepperFile]) once(file, () => randomBytes(32).toString('hex'));
  const natsFile = join(folder, 'nats.json');
  once(natsFile, () => JSON.stringify(newPasswords({})));
  return {
    masterFile,
    pepperFile,
    natsPasswords: completePasswords(natsFile),
    firstKey: once(join(folder, 'first-key'), () => makeApiKey('ak_live_', randomBytes(32))),
  };
}

function once(file: string, make: () => string): string {
  if (!existsSync(file)) writeDurably(file, `${make()}\n`);
  const text = readFileSync(file, 'utf8').trim();
  if (text === '')
    throw new Rejected(
      'CORRUPT_DATA_FOLDER',
      `${file} is empty: restore it from a backup; without it this data folder cannot be used.`,
    );
  return text;
}

/** A version with more services has more users than the file knows. */
function completePasswords(file: string): Record<string, string> {
  const known = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const all = newPasswords(known);
  if (Object.keys(all).length > Object.keys(known).length) writeDurably(file, `${JSON.stringify(all)}\n`);
  return all;
}

function newPasswords(known: Record<string, string>): Record<string, string> {
  const missing = NATS_USERS.filter((user) => known[user] === undefined);
  return { ...known, ...Object.fromEntries(missing.map((user) => [user, randomBytes(24).toString('base64url')])) };
}
