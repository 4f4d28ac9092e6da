import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HASH_BYTES } from '@audital/chain/check';
import { Corrupt, type OrganisationId } from '@audital/contracts';
import type { Kept } from '../domain/kept';

const VERSION = 2;
const SCHEMA = `
CREATE TABLE kept (
  organisation TEXT PRIMARY KEY, vkeys TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL,
  key_id TEXT NOT NULL, head BLOB NOT NULL, subtrees BLOB NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER a_key_stays BEFORE UPDATE OF vkeys ON kept
  WHEN substr(NEW.vkeys, 1, length(OLD.vkeys) - 1) <> substr(OLD.vkeys, 1, length(OLD.vkeys) - 1)
  BEGIN SELECT RAISE(ABORT, 'A pinned key stays: others are only added, by a chained handover.'); END;
CREATE TRIGGER a_log_only_grows BEFORE UPDATE ON kept WHEN NEW.size < OLD.size
  BEGIN SELECT RAISE(ABORT, 'A kept checkpoint is only replaced by a later one.'); END;
`;
/** Keys that were retired, by their place in `vkeys`: a list of positions and nulls. */
const RETIREMENTS = `ALTER TABLE kept ADD COLUMN retired TEXT NOT NULL DEFAULT '[]'; PRAGMA user_version = ${VERSION};`;

interface Row {
  vkeys: string;
  size: number;
  root: Uint8Array;
  note: string;
  key_id: string;
  head: Uint8Array;
  subtrees: Uint8Array;
  retired: string;
}

/**
 * What this verifier has seen of each log: its keys and the newest checkpoint that held. It lies outside the ledger and cannot be rebuilt: without
 * it a rolled back ledger could not be told from a young one.
 */
export class Memory {
  private constructor(private readonly db: DatabaseSync) {}

  /** Throws Corrupt: a memory that cannot be read is never quietly made anew. */
  static open(folder: string): Memory {
    const path = join(folder, 'chain-verifier.sqlite');
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const db = new DatabaseSync(path);
      db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
      if (version === 0) db.exec(`BEGIN; ${SCHEMA} ${RETIREMENTS} COMMIT;`);
      else if (version === 1) db.exec(`BEGIN; ${RETIREMENTS} COMMIT;`);
      else if (version !== VERSION) throw new Error(`it has version ${version}, this program knows version ${VERSION}`);
      return new Memory(db);
    } catch (cause) {
      const message = `The verifier's memory in ${path} cannot be read (${(cause as Error).message}): restore the file from a backup. Only who deletes it on purpose gives up what it remembers.`;
      throw new Corrupt(path, null, message, { cause });
    }
  }

  get(organisationId: OrganisationId): Kept | null {
    const row = this.db.prepare('SELECT * FROM kept WHERE organisation = ?').get(organisationId) as Row | undefined;
    if (!row) return null;
    const subtrees = Array.from({ length: row.subtrees.length / HASH_BYTES }, (_, index) =>
      row.subtrees.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES),
    );
    const { size, root, note, head } = row;
    const retired = JSON.parse(row.retired) as (number | null)[];
    const keys = (JSON.parse(row.vkeys) as string[]).map((vkey, at) => ({ vkey, retiredAt: retired[at] ?? null }));
    return { keys, size, root, note, keyId: row.key_id, head, subtrees };
  }

  organisations(): OrganisationId[] {
    const rows = this.db.prepare('SELECT organisation FROM kept').all() as { organisation: OrganisationId }[];
    return rows.map((row) => row.organisation);
  }

  /** When it returns, it survives a crash of the machine. One that is older than what is kept changes nothing. */
  keep(organisationId: OrganisationId, kept: Kept): void {
    const { keys, size, root, note, keyId, head, subtrees } = kept;
    const sql = `INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
      vkeys = excluded.vkeys, size = excluded.size, root = excluded.root, note = excluded.note,
      key_id = excluded.key_id, head = excluded.head, subtrees = excluded.subtrees, retired = excluded.retired
      WHERE excluded.size > kept.size`;
    const vkeys = JSON.stringify(keys.map(({ vkey }) => vkey));
    const retired = JSON.stringify(keys.map(({ retiredAt }) => retiredAt));
    this.db.prepare(sql).run(organisationId, vkeys, size, root, note, keyId, head, Buffer.concat(subtrees), retired);
  }

  close(): void {
    this.db.close();
  }
}
