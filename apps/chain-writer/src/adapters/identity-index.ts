import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { HASH_BYTES, type Tree } from '@audital/chain/write';

/** Up to where a chain was indexed: the tree at that size and the hash of its last record, by which a stale index is told from a true one. */
export interface IndexStamp {
  tree: Tree;
  head: string;
  lastRecordedAt: string;
}

export interface IndexEntry {
  identity: string;
  position: number;
  /** It is an EVIDENCE_LOST. */
  isLoss: boolean;
}

const ROWS_PER_INSERT = 16;

/**
 * Which fact stands where: the writer's own memory of every identity of every chain. Derived, so it may be deleted, and never synced: a
 * stamp that the chain does not confirm makes the organisation's part be built anew.
 */
export class IdentityIndex {
  private readonly db: DatabaseSync;
  private readonly findMany: StatementSync;
  private readonly insert: StatementSync;
  private readonly insertMany: StatementSync;
  private countLosses: StatementSync | null = null;
  /** Identities are stored under a small number instead of the organisation's id. */
  private readonly numbers = new Map<string, number>();

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'identities.sqlite');
    this.db = open(path);
    this.findMany = this.db.prepare(
      'SELECT identity, position FROM identities WHERE organisation = ? AND identity IN (SELECT value FROM json_each(?))',
    );
    const insert = 'INSERT OR IGNORE INTO identities VALUES (?, ?, ?)';
    this.insert = this.db.prepare(insert);
    this.insertMany = this.db.prepare(insert + ', (?, ?, ?)'.repeat(ROWS_PER_INSERT - 1));
  }

  find(organisationId: string, identity: string): number | null {
    return this.findAll(organisationId, [identity]).get(identity) ?? null;
  }

  /** Positions of those that stand in the chain. */
  findAll(organisationId: string, identities: string[]): Map<string, number> {
    const rows = this.findMany.all(this.number(organisationId), JSON.stringify(identities));
    return new Map(
      (rows as unknown as { identity: string; position: number }[]).map(({ identity, position }) => [
        identity,
        position,
      ]),
    );
  }

  /** Whether the chain holds an EVIDENCE_LOST: else no fact was ever refused, and none has to be looked up as such. */
  anyLoss(organisationId: string): boolean {
    this.countLosses ??= this.db.prepare('SELECT count(*) AS losses FROM losses WHERE organisation = ?');
    return (this.countLosses.get(this.number(organisationId)) as { losses: number }).losses > 0;
  }

  add(organisationId: string, entries: IndexEntry[]): void {
    const organisation = this.number(organisationId);
    const anyLoss = entries.some(({ isLoss }) => isLoss);
    this.transaction(() => {
      if (anyLoss) this.db.prepare('INSERT OR IGNORE INTO losses VALUES (?)').run(organisation);
      let done = 0;
      for (; done + ROWS_PER_INSERT <= entries.length; done += ROWS_PER_INSERT) {
        const rows = entries.slice(done, done + ROWS_PER_INSERT);
        this.insertMany.run(...rows.flatMap(({ identity, position }) => [organisation, identity, position]));
      }
      for (const { identity, position } of entries.slice(done)) this.insert.run(organisation, identity, position);
    });
  }

  stamp(organisationId: string): IndexStamp | null {
    const row = this.db
      .prepare('SELECT size, head, last_recorded_at, hashes FROM stamps WHERE organisation = ?')
      .get(organisationId);
    if (!row) return null;
    const { size, head, last_recorded_at, hashes } = row as unknown as {
      size: number;
      head: string;
      last_recorded_at: string;
      hashes: Uint8Array;
    };
    const count = hashes.length / HASH_BYTES;
    const tree = {
      size,
      hashes: Array.from({ length: count }, (_, index) => hashes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES)),
    };
    return { tree, head, lastRecordedAt: last_recorded_at };
  }

  setStamp(organisationId: string, { tree, head, lastRecordedAt }: IndexStamp): void {
    this.db
      .prepare('INSERT OR REPLACE INTO stamps VALUES (?, ?, ?, ?, ?)')
      .run(organisationId, tree.size, head, lastRecordedAt, Buffer.concat(tree.hashes));
  }

  /** A PAYLOAD_REDACTED record stands at this position; whether what it asks for is done, `redactionDone` says. */
  noteRedaction(organisationId: string, position: number): void {
    this.db.prepare('INSERT OR IGNORE INTO redactions VALUES (?, ?, 0)').run(organisationId, position);
  }

  redactionDone(organisationId: string, position: number): void {
    this.db
      .prepare('UPDATE redactions SET done = 1 WHERE organisation = ? AND position = ?')
      .run(organisationId, position);
  }

  /** Positions of PAYLOAD_REDACTED records, in order: all of them, or those whose work is not done. */
  redactions(organisationId: string, which: 'all' | 'undone'): number[] {
    const sql = 'SELECT position FROM redactions WHERE organisation = ? AND done <= ? ORDER BY position';
    const rows = this.db.prepare(sql).all(organisationId, which === 'all' ? 1 : 0) as { position: number }[];
    return rows.map(({ position }) => position);
  }

  forget(organisationId: string): void {
    this.transaction(() => {
      this.db.prepare('DELETE FROM redactions WHERE organisation = ?').run(organisationId);
      this.db.prepare('DELETE FROM stamps WHERE organisation = ?').run(organisationId);
      for (const table of ['identities', 'losses'])
        this.db.prepare(`DELETE FROM ${table} WHERE organisation = ?`).run(this.number(organisationId));
    });
  }

  close(): void {
    this.db.close();
  }

  private number(organisationId: string): number {
    const known = this.numbers.get(organisationId);
    if (known !== undefined) return known;
    this.db.prepare('INSERT OR IGNORE INTO organisations (id) VALUES (?)').run(organisationId);
    const row = this.db.prepare('SELECT number FROM organisations WHERE id = ?').get(organisationId);
    const { number } = row as { number: number };
    this.numbers.set(organisationId, number);
    return number;
  }

  private transaction(work: () => void): void {
    this.db.exec('BEGIN');
    work();
    this.db.exec('COMMIT');
  }
}

function open(path: string): DatabaseSync {
  try {
    return schema(path);
  } catch {
    // Derived: a damaged file is no loss.
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return schema(path);
  }
}

/** Another version's index is built anew: nothing is lost by that. */
const VERSION = 3;

function schema(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    const { tables } = db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number };
    if (tables > 0 && version !== VERSION) throw new Error(`The index has version ${version}.`);
    // Identities fall anywhere in the tree, so a batch touches a page for each: small ones cost the same on a chain of a million.
    db.exec(`PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
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
