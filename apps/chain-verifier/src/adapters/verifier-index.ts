import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HASH_BYTES } from '@audital/chain/check';
import type { OrganisationId, VerifierReport } from '@audital/contracts';
import type { Log } from './log';

const VERSION = 1;
const FILE = 'chain-verifier.sqlite';
/** Leaves in one row. */
const CHUNK = 1024;
const SCHEMA = `
CREATE TABLE leaves (
  organisation TEXT NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL, PRIMARY KEY (organisation, n)
) WITHOUT ROWID;
CREATE TABLE reports (organisation TEXT PRIMARY KEY, report TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = ${VERSION};
`;

/**
 * Derived, so it may be deleted at any time: the reports, so that a restart does not forget an alert, and the leaves of what was verified, so that
 * a rewritten chain can be compared record by record. Leaves are believed only when they lead to the root in the verifier's memory.
 */
export class VerifierIndex {
  private chunk: { key: string; hashes: Uint8Array | null } = { key: '', hashes: null };

  private constructor(private readonly db: DatabaseSync) {}

  /** One of another version, or one that cannot be read, is made anew. */
  static open(folder: string, log: Log): VerifierIndex {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      return new VerifierIndex(open(join(folder, FILE)));
    } catch (error) {
      log.warn({ folder, reason: (error as Error).message }, 'The index cannot be used; it is built anew.');
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `${FILE}${suffix}`), { force: true });
      return new VerifierIndex(open(join(folder, FILE)));
    }
  }

  report(organisationId: OrganisationId): VerifierReport | null {
    const row = this.db.prepare('SELECT report FROM reports WHERE organisation = ?').get(organisationId) as
      { report: string } | undefined;
    return row ? (JSON.parse(row.report) as VerifierReport) : null;
  }

  saveReport(report: VerifierReport): void {
    this.db.prepare('INSERT OR REPLACE INTO reports VALUES (?, ?)').run(report.organisationId, JSON.stringify(report));
  }

  /** How many leaves are remembered, from position 0 on. */
  size(organisationId: OrganisationId): number {
    const row = this.db
      .prepare('SELECT n, length(hashes) AS bytes FROM leaves WHERE organisation = ? ORDER BY n DESC LIMIT 1')
      .get(organisationId) as { n: number; bytes: number } | undefined;
    return row ? row.n * CHUNK + row.bytes / HASH_BYTES : 0;
  }

  /** Reads upwards are cheap: the row at hand is kept. */
  leaf(organisationId: OrganisationId, position: number): Uint8Array | null {
    const n = Math.floor(position / CHUNK);
    const key = `${organisationId} ${n}`;
    if (this.chunk.key !== key) this.chunk = { key, hashes: this.hashes(organisationId, n) };
    const at = (position % CHUNK) * HASH_BYTES;
    const { hashes } = this.chunk;
    return hashes && hashes.length >= at + HASH_BYTES ? hashes.subarray(at, at + HASH_BYTES) : null;
  }

  /** Remembers leaves from a position on, which must not lie beyond the end of those that are there. */
  append(organisationId: OrganisationId, from: number, leaves: Uint8Array): void {
    if (leaves.length === 0 || from > this.size(organisationId)) return;
    const put = this.db.prepare('INSERT OR REPLACE INTO leaves VALUES (?, ?, ?)');
    this.chunk = { key: '', hashes: null };
    this.db.exec('BEGIN IMMEDIATE');
    for (let taken = 0; taken < leaves.length;) {
      const position = from + taken / HASH_BYTES;
      const [n, inside] = [Math.floor(position / CHUNK), (position % CHUNK) * HASH_BYTES];
      const before = inside === 0 ? new Uint8Array(0) : (this.hashes(organisationId, n)?.subarray(0, inside) ?? []);
      const some = leaves.subarray(taken, taken + CHUNK * HASH_BYTES - inside);
      put.run(organisationId, n, Buffer.concat([Buffer.from(before), some]));
      taken += some.length;
    }
    this.db.exec('COMMIT');
  }

  /** The remembered leaves do not lead to the kept root: they are gathered anew. */
  forgetLeaves(organisationId: OrganisationId): void {
    this.chunk = { key: '', hashes: null };
    this.db.prepare('DELETE FROM leaves WHERE organisation = ?').run(organisationId);
  }

  close(): void {
    this.db.close();
  }

  private hashes(organisationId: OrganisationId, n: number): Uint8Array | null {
    const row = this.db.prepare('SELECT hashes FROM leaves WHERE organisation = ? AND n = ?').get(organisationId, n) as
      { hashes: Uint8Array } | undefined;
    return row?.hashes ?? null;
  }
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
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
