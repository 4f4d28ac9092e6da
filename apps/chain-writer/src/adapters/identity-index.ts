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

/**
 * Which fact stands where: the writer's own memory of every identity of every chain. Derived, so it may be deleted, and never synced: a
 * stamp that the chain does not confirm makes the organisation's part be built anew.
 */
export class IdentityIndex {
  private readonly db: DatabaseSync;
  private readonly findOne: StatementSync;
  private readonly insert: StatementSync;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, 'identities.sqlite');
    this.db = open(path);
    this.findOne = this.db.prepare('SELECT position FROM identities WHERE organisation = ? AND identity = ?');
    this.insert = this.db.prepare('INSERT OR IGNORE INTO identities VALUES (?, ?, ?)');
  }

  find(organisationId: string, identity: string): number | null {
    const row = this.findOne.get(organisationId, identity) as { position: number } | undefined;
    return row?.position ?? null;
  }

  add(organisationId: string, entries: { identity: string; position: number }[]): void {
    this.transaction(() => {
      for (const { identity, position } of entries) this.insert.run(organisationId, identity, position);
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

  forget(organisationId: string): void {
    this.transaction(() => {
      this.db.prepare('DELETE FROM stamps WHERE organisation = ?').run(organisationId);
      this.db.prepare('DELETE FROM identities WHERE organisation = ?').run(organisationId);
    });
  }

  close(): void {
    this.db.close();
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

function schema(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    CREATE TABLE IF NOT EXISTS identities (organisation TEXT, identity TEXT, position INTEGER NOT NULL, PRIMARY KEY (organisation, identity)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS stamps (organisation TEXT PRIMARY KEY, size INTEGER NOT NULL, head TEXT NOT NULL, last_recorded_at TEXT NOT NULL, hashes BLOB NOT NULL);`);
  return db;
}
