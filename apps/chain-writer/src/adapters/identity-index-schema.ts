import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Another version's index is built anew: nothing is lost by that. */
const VERSION = 3;
/** Two threads write: one at a time. */
const BUSY_TIMEOUT_MS = 5_000;

const BUSY = 5;
const PROCESSES_MAX = 64;

export interface ClaimedIndex {
  path: string;
  release: () => void;
}

/**
 * An index file that no other process uses: `identities.sqlite`, or the next one while an older process still has that. With a file in common,
 * one that builds its part anew would hide facts from the other. The system lets go of the claim when the process dies, however it dies.
 */
export function claimIndex(folder: string): ClaimedIndex {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (let number = 1; number <= PROCESSES_MAX; number += 1) {
    const path = join(folder, number === 1 ? 'identities.sqlite' : `identities-${number}.sqlite`);
    const lock = new DatabaseSync(`${path}.lock`);
    try {
      lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
      return { path, release: () => lock.close() };
    } catch (error) {
      lock.close();
      if ((error as { errcode?: number }).errcode !== BUSY) throw error;
    }
  }
  throw new Error(
    `${folder} is used by ${PROCESSES_MAX} processes: does every chain-writer have an INDEX_DIR of its own?`,
  );
}

export function openIndex(path: string): DatabaseSync {
  try {
    return schema(path);
  } catch {
    // Derived: a damaged file is no loss.
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return schema(path);
  }
}

function schema(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
    if (tables > 0 && version !== VERSION) throw new Error(`The index has version ${version}.`);
    // Identities fall anywhere in the tree, so a batch touches a page for each: small ones cost the same on a chain of a million.
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    PRAGMA cache_size = -64000; PRAGMA mmap_size = 268435456; PRAGMA wal_autocheckpoint = 16000;
    CREATE TABLE IF NOT EXISTS organisations (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS losses (organisation INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS identities (organisation INTEGER, identity TEXT, position INTEGER NOT NULL, PRIMARY KEY (organisation, identity)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS stamps (organisation TEXT PRIMARY KEY, size INTEGER NOT NULL, head TEXT NOT NULL, last_recorded_at TEXT NOT NULL, hashes BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS redactions (organisation TEXT, position INTEGER, done INTEGER NOT NULL, PRIMARY KEY (organisation, position)) WITHOUT ROWID;
    PRAGMA user_version = ${VERSION};`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
