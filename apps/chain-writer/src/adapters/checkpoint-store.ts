import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Rejected, Unavailable } from '@audital/contracts';

/** The newest checkpoint that was signed for an origin, with the whole note. */
export interface KeptCheckpoint {
  size: number;
  root: Uint8Array;
  note: string;
}

/**
 * The small memory in another failure domain than the ledger (DESIGN §3): what was signed once is never signed over. `swap` is durable
 * when it returns. Its place is kept for an S3 object with If-Match.
 */
export interface CheckpointStore {
  read(origin: string): Promise<KeptCheckpoint | null>;
  /** False when the store does not hold `expected` any more: somebody else signed. Throws Unavailable. */
  swap(origin: string, expected: KeptCheckpoint | null, next: KeptCheckpoint): Promise<boolean>;
  close(): Promise<void>;
}

export function openCheckpointStore(url: string): CheckpointStore {
  if (!url.startsWith('sqlite:'))
    throw new Rejected(
      'CHECKPOINT_STORE_URL',
      'CHECKPOINT_STORE_URL is sqlite:/path/checkpoints.sqlite, on another volume than the ledger.',
    );
  return new SqliteCheckpointStore(url.slice('sqlite:'.length));
}

class SqliteCheckpointStore implements CheckpointStore {
  private readonly db: DatabaseSync;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.db = new DatabaseSync(path);
    this.db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.db.exec(
      'CREATE TABLE IF NOT EXISTS checkpoints (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL)',
    );
  }

  async read(origin: string): Promise<KeptCheckpoint | null> {
    return guarded(
      () =>
        (this.db
          .prepare('SELECT size, root, note FROM checkpoints WHERE origin = ?')
          .get(origin) as unknown as KeptCheckpoint) ?? null,
    );
  }

  async swap(origin: string, expected: KeptCheckpoint | null, next: KeptCheckpoint): Promise<boolean> {
    return guarded(() => {
      const { changes } = expected
        ? this.db
            .prepare('UPDATE checkpoints SET size = ?, root = ?, note = ? WHERE origin = ? AND size = ? AND root = ?')
            .run(next.size, next.root, next.note, origin, expected.size, expected.root)
        : this.db
            .prepare('INSERT INTO checkpoints VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
            .run(origin, next.size, next.root, next.note);
      return Number(changes) === 1;
    });
  }

  async close(): Promise<void> {
    this.db.close();
  }
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Unavailable('checkpoint-store', `The checkpoint store cannot be used (${(error as Error).message}).`, {
      cause: error,
    });
  }
}
