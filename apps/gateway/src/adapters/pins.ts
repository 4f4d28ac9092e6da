import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { PinnedKey } from '@audital/chain/check';
import { Corrupt, type OrganisationId } from '@audital/contracts';
import type { Pin } from '../domain/trust';

const VERSION = 2;
const SCHEMA = `
CREATE TABLE pins (
  organisation TEXT PRIMARY KEY, vkey TEXT NOT NULL,
  size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, key_id TEXT NOT NULL, head BLOB NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER a_key_stays BEFORE UPDATE OF vkey ON pins WHEN NEW.vkey <> OLD.vkey
  BEGIN SELECT RAISE(ABORT, 'A pinned key changes only by a chained rotation.'); END;
CREATE TRIGGER a_log_only_grows BEFORE UPDATE ON pins WHEN NEW.size < OLD.size
  BEGIN SELECT RAISE(ABORT, 'A kept checkpoint is only replaced by a later one.'); END;
`;
/** Since version 2. The key of `pins` is the first of them. */
const KEYS = `
CREATE TABLE keys (
  organisation TEXT, ordinal INTEGER, vkey TEXT NOT NULL, retired_at INTEGER, PRIMARY KEY (organisation, ordinal)
) WITHOUT ROWID;
INSERT INTO keys SELECT organisation, 0, vkey, NULL FROM pins;
CREATE TRIGGER keys_stay BEFORE UPDATE ON keys WHEN NEW.vkey <> OLD.vkey OR OLD.retired_at IS NOT NEW.retired_at AND OLD.retired_at IS NOT NULL
  BEGIN SELECT RAISE(ABORT, 'A pinned key stays, and so does its end: others are only added, by a chained handover.'); END;
CREATE TRIGGER keys_never_go BEFORE DELETE ON keys BEGIN SELECT RAISE(ABORT, 'A pinned key never goes.'); END;
PRAGMA user_version = ${VERSION};
`;

interface Row {
  vkey: string;
  size: number;
  root: Uint8Array;
  note: string;
  key_id: string;
  head: Uint8Array;
}

/**
 * What this gateway has seen of each log and will not let go of: the key it met first with those that it
 * handed over to, and the newest checkpoint. It lies outside the
 * ledger and outside the index, and cannot be rebuilt: without it a rolled back ledger could not be told from a young one.
 */
export class Pins {
  private readonly cache = new Map<OrganisationId, Pin | null>();

  private constructor(private readonly db: DatabaseSync) {}

  /** Throws Corrupt: pins that cannot be read are never quietly made anew. */
  static open(folder: string): Pins {
    const path = join(folder, 'gateway.sqlite');
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const db = new DatabaseSync(path);
      db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version === 0) db.exec(`BEGIN; ${SCHEMA} ${KEYS} COMMIT;`);
      else if (version === 1) db.exec(`BEGIN; ${KEYS} COMMIT;`);
      else if (version !== VERSION) throw new Error(`it has version ${version}, this program knows version ${VERSION}`);
      return new Pins(db);
    } catch (cause) {
      const message = `The pins in ${path} cannot be read (${(cause as Error).message}): restore the file from a backup. Only who deletes it on purpose gives up what this gateway remembers.`;
      throw new Corrupt(path, null, message, { cause });
    }
  }

  get(organisationId: OrganisationId): Pin | null {
    const known = this.cache.get(organisationId);
    if (known !== undefined) return known;
    const row = this.db.prepare('SELECT * FROM pins WHERE organisation = ?').get(organisationId) as Row | undefined;
    const pin = row
      ? {
          keys: this.keys(organisationId),
          checkpoint: { size: row.size, root: row.root, note: row.note, keyId: row.key_id },
          head: row.head,
        }
      : null;
    this.cache.set(organisationId, pin);
    return pin;
  }

  organisations(): OrganisationId[] {
    return (this.db.prepare('SELECT organisation FROM pins').all() as { organisation: OrganisationId }[]).map(
      (row) => row.organisation,
    );
  }

  /** When it returns, the pin survives a crash of the machine. */
  keep(organisationId: OrganisationId, pin: Pin): void {
    const { keys, checkpoint, head } = pin;
    const first = keys[0] as PinnedKey;
    const sql = `INSERT INTO pins VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      vkey = excluded.vkey, size = excluded.size, root = excluded.root, note = excluded.note, key_id = excluded.key_id, head = excluded.head`;
    const key = `INSERT INTO keys VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET vkey = excluded.vkey, retired_at = excluded.retired_at`;
    this.db.exec('BEGIN IMMEDIATE');
    try {
      this.db
        .prepare(sql)
        .run(organisationId, first.vkey, checkpoint.size, checkpoint.root, checkpoint.note, checkpoint.keyId, head);
      for (const [ordinal, { vkey, retiredAt }] of keys.entries())
        this.db.prepare(key).run(organisationId, ordinal, vkey, retiredAt);
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
    this.cache.set(organisationId, pin);
  }

  private keys(organisationId: OrganisationId): PinnedKey[] {
    const sql = 'SELECT vkey, retired_at AS retiredAt FROM keys WHERE organisation = ? ORDER BY ordinal';
    const rows = this.db.prepare(sql).all(organisationId) as unknown as PinnedKey[];
    return rows.map(({ vkey, retiredAt }) => ({ vkey, retiredAt }));
  }

  close(): void {
    this.db.close();
  }
}
