import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Log } from './log';

const VERSION = 2;

/**
 * Derived from the ledger, so it may be deleted at any time. It finds events and holds Merkle tiles; no answer takes an event's content
 * from it. `position` in the ledger and the rows behind it are written in one transaction.
 */
const SCHEMA = `
CREATE TABLE place (
  category TEXT PRIMARY KEY,
  position TEXT NOT NULL, stream TEXT NOT NULL, revision INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE logs (organisation TEXT PRIMARY KEY, size INTEGER NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE events (
  organisation TEXT NOT NULL, position INTEGER NOT NULL,
  id TEXT, event_type TEXT, source TEXT, severity TEXT, model_id TEXT, integration_id TEXT, timestamp TEXT,
  PRIMARY KEY (organisation, position)
) WITHOUT ROWID;
CREATE INDEX events_by_id ON events (organisation, id);
CREATE INDEX events_by_type ON events (organisation, event_type, position);
CREATE INDEX events_by_model ON events (organisation, model_id, position) WHERE model_id IS NOT NULL;
CREATE INDEX events_by_integration ON events (organisation, integration_id, position) WHERE integration_id IS NOT NULL;
CREATE TABLE tags (
  organisation TEXT NOT NULL, tag TEXT NOT NULL, position INTEGER NOT NULL,
  PRIMARY KEY (organisation, tag, position)
) WITHOUT ROWID;
CREATE TABLE tiles (
  organisation TEXT NOT NULL, level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY (organisation, level, n)
) WITHOUT ROWID;
CREATE TABLE redacted (
  organisation TEXT NOT NULL, position INTEGER NOT NULL, named_at INTEGER NOT NULL,
  PRIMARY KEY (organisation, position, named_at)
) WITHOUT ROWID;
CREATE TABLE redactions_read (organisation TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = ${VERSION};
`;

const FILE = 'gateway.sqlite';

/** Opens the index; one of another version, or one that cannot be read, is made anew. */
export function openIndexDatabase(folder: string, log: Log): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    return open(join(folder, FILE));
  } catch (error) {
    log.warn(
      { folder, reason: (error as Error).message },
      'The index cannot be used; it is built anew from the ledger.',
    );
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `${FILE}${suffix}`), { force: true });
    return open(join(folder, FILE));
  }
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    // A power cut may cost the newest transactions: they are read from the ledger again.
    db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;',
    );
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
    if (tables === 0) db.exec(`BEGIN; ${SCHEMA} COMMIT;`);
    else if (version !== VERSION) throw new Error(`It has version ${version}; this program writes version ${VERSION}.`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
