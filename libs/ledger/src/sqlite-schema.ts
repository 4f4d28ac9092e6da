import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Corrupt } from '@audital/contracts';
import { mapSqliteError } from './sqlite-errors';

/** "AUDL": tells a ledger from any other SQLite file. */
const APPLICATION_ID = 0x4155444c;
const VERSION = 1;
export const BUSY_TIMEOUT_MS = 5_000;

/**
 * `position` never repeats (AUTOINCREMENT), so a follower's place stays good. Nothing is ever updated; deleted are only streams that are
 * working memory and stand before a trim mark, and payload segments that have a tombstone.
 */
const SCHEMA = `
CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  stream TEXT NOT NULL,
  revision INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  data BLOB NOT NULL,
  metadata BLOB NOT NULL,
  UNIQUE (stream, revision)
);
CREATE TABLE trims (stream TEXT PRIMARY KEY, before_revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tombstones (stream TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'A stored event never changes.'); END;
CREATE TRIGGER events_never_go BEFORE DELETE ON events
  WHEN NOT (
    ((OLD.stream GLOB 'cursor-*' OR OLD.stream GLOB 'checkpoint-*')
      AND OLD.revision < coalesce((SELECT before_revision FROM trims WHERE stream = OLD.stream), 0))
    OR (OLD.stream GLOB 'payload-*' AND EXISTS (SELECT 1 FROM tombstones WHERE stream = OLD.stream)))
  BEGIN SELECT RAISE(ABORT, 'A stored event is never deleted.'); END;
CREATE TRIGGER tombstones_stay BEFORE DELETE ON tombstones
  BEGIN SELECT RAISE(ABORT, 'A tombstone stays.'); END;
CREATE TRIGGER buried_streams_stay_empty BEFORE INSERT ON events
  WHEN EXISTS (SELECT 1 FROM tombstones WHERE stream = NEW.stream)
  BEGIN SELECT RAISE(ABORT, 'The stream was deleted for ever.'); END;
CREATE TRIGGER tombstones_for_payloads BEFORE INSERT ON tombstones
  WHEN NEW.stream NOT GLOB 'payload-*'
  BEGIN SELECT RAISE(ABORT, 'Only payload segments are deleted.'); END;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${VERSION};
`;

/** Opens the file, making it when it is missing; two processes may do so at once. Throws Corrupt, Unavailable. */
export function openDatabase(path: string, writes: readonly string[]): DatabaseSync {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(path);
    // Pages of 8 KiB hold a few events each, so a batch writes fewer of them; the log is moved into the file after 16 MiB.
    db.exec('PRAGMA page_size = 8192; PRAGMA wal_autocheckpoint = 2048;');
    db.exec(
      `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;`,
    );
    db.exec('PRAGMA journal_mode = WAL;');
    createSchema(db, path);
    refuseForeignStreams(db, writes);
    return db;
  } catch (error) {
    throw mapSqliteError(error, path);
  }
}

function createSchema(db: DatabaseSync, path: string): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const applicationId = number(db, 'PRAGMA application_id');
    const version = number(db, 'PRAGMA user_version');
    const tables = number(db, 'SELECT count(*) FROM sqlite_schema');
    if (applicationId === 0 && tables === 0) db.exec(SCHEMA);
    else if (applicationId !== APPLICATION_ID)
      throw new Corrupt(path, null, `${path} is a SQLite file, but not an Audital ledger.`);
    else if (version !== VERSION)
      throw new Corrupt(
        path,
        null,
        `${path} is a ledger of version ${version}; this program knows version ${VERSION}.`,
      );
    db.exec('COMMIT');
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** The store's own refusal, for this connection: a bug in a service cannot write another service's streams. */
function refuseForeignStreams(db: DatabaseSync, writes: readonly string[]): void {
  const own = writes.map((prefix) => `NEW.stream GLOB '${globLiteral(prefix)}*'`).join(' OR ') || '0';
  db.exec(`CREATE TEMP TRIGGER foreign_streams BEFORE INSERT ON main.events WHEN NOT (${own})
    BEGIN SELECT RAISE(ABORT, 'This service may not write that stream.'); END;`);
}

function globLiteral(prefix: string): string {
  if (!/^[a-z-]+$/.test(prefix)) throw new RangeError(`${prefix} is no stream prefix.`);
  return prefix;
}

function number(db: DatabaseSync, sql: string): number {
  return Number(Object.values(db.prepare(sql).get() ?? {})[0]);
}
