import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '@audital/contracts';
import {
  type AppendResult,
  type FollowOptions,
  type FollowTarget,
  type Ledger,
  type NewEvent,
  type ReadOptions,
  type StoredEvent,
  type StreamAppend,
} from './ledger';
import { checkAppend, checkTombstone, checkTrim } from './refusals';
import { COLUMNS, type Row, SqliteFile } from './sqlite-file';
import { SqliteFollowers } from './sqlite-followers';
import { BUSY_TIMEOUT_MS } from './sqlite-schema';
import { SqliteThread } from './sqlite-thread';

const PAGE = 1000;
const CUT_RETRY_MS = 25;
const CUT_LIMIT_MS = 3_000;

/** The embedded ledger: one file, for one machine. Any number of processes may have it open. */
export class SqliteLedger implements Ledger {
  private readonly followers: SqliteFollowers;

  private constructor(
    private readonly file: SqliteFile,
    private readonly writes: readonly string[],
    /** Appends by a thread of their own, where the service has other work to do while they become durable. */
    private readonly thread: SqliteThread | null,
  ) {
    this.followers = new SqliteFollowers({
      version: () => (file.statement('PRAGMA data_version').get() as { data_version: number }).data_version,
      page: (target, after) => this.page(target, after),
    });
  }

  static open(path: string, writes: readonly string[], appendThread: boolean): SqliteLedger {
    const file = new SqliteFile(path, writes);
    return new SqliteLedger(file, writes, appendThread ? new SqliteThread(path, writes) : null);
  }

  async append(stream: string, expectedRevision: number, events: NewEvent[]): Promise<AppendResult> {
    await this.appendTogether([{ stream, expectedRevision, events }]);
    return { lastRevision: expectedRevision + events.length };
  }

  /** One transaction, so one fsync for all of them. */
  async appendTogether(appends: StreamAppend[]): Promise<void> {
    for (const { stream, events } of appends) checkAppend(stream, events, this.writes);
    if (this.thread) await this.thread.append(appends);
    else this.file.appendAll(appends);
    this.followers.wake();
  }

  async read(stream: string, options: ReadOptions = {}): Promise<StoredEvent[]> {
    const backwards = options.direction === 'backwards';
    const limit = Math.min(options.limit ?? PAGE, PAGE);
    const from = options.from ?? (backwards ? 'end' : 'start');
    const bound = from === 'start' ? 0 : from === 'end' ? Number.MAX_SAFE_INTEGER : from;
    return this.file.guarded(() => {
      this.file.refuseDeleted(stream);
      if (from === 'end' && !backwards) return [];
      const [compare, order] = backwards ? ['<=', 'DESC'] : ['>=', 'ASC'];
      const sql = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision ${compare} ? ORDER BY revision ${order} LIMIT ?`;
      return (this.file.statement(sql).all(stream, bound, limit) as unknown as Row[]).map(toEvent);
    });
  }

  async lastRevision(stream: string): Promise<number> {
    return this.file.guarded(() => {
      this.file.refuseDeleted(stream);
      return this.file.revisionNow(stream);
    });
  }

  follow(
    target: FollowTarget,
    handle: (event: StoredEvent) => Promise<void> | void,
    options: FollowOptions,
  ): Promise<void> {
    return this.followers.follow(target, handle, options);
  }

  async trim(stream: string, beforeRevision: number): Promise<void> {
    checkTrim(stream, this.writes);
    this.file.write(() => {
      const keep = Math.min(beforeRevision, this.file.revisionNow(stream));
      this.file
        .statement(
          'INSERT INTO trims VALUES (?, ?) ON CONFLICT DO UPDATE SET before_revision = max(before_revision, excluded.before_revision)',
        )
        .run(stream, keep);
      this.file.statement('DELETE FROM events WHERE stream = ? AND revision < ?').run(stream, keep);
    });
  }

  async tombstone(stream: string): Promise<void> {
    checkTombstone(stream, this.writes);
    this.file.write(() => {
      this.file.statement('INSERT INTO tombstones VALUES (?) ON CONFLICT DO NOTHING').run(stream);
      this.file.statement('DELETE FROM events WHERE stream = ?').run(stream);
    });
    // secure_delete has zeroed the pages; the old ones still lie in the write-ahead log until it is cut.
    await this.cutLog(stream);
  }

  /** A reader in another process keeps the log for as long as it reads: waited for without holding up this process. */
  private async cutLog(stream: string): Promise<void> {
    for (const end = Date.now() + CUT_LIMIT_MS; ; await delay(CUT_RETRY_MS)) {
      if (this.file.guarded(() => this.tryToCutLog())) return;
      if (Date.now() < end) continue;
      const message = `${stream} is deleted, but another process reads the ledger, so its bytes still lie in ${this.file.path}-wal: delete it again.`;
      throw new Unavailable('ledger', message);
    }
  }

  private tryToCutLog(): boolean {
    this.file.db.exec('PRAGMA busy_timeout = 0');
    try {
      const { busy } = this.file.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      return busy === 0;
    } finally {
      this.file.db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  async close(): Promise<void> {
    await this.followers.close();
    await this.thread?.close();
    this.file.close();
  }

  private page(target: FollowTarget, after: number): StoredEvent[] {
    return this.file.guarded(() => {
      if ('stream' in target) {
        this.file.refuseDeleted(target.stream);
        const sql = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ${PAGE}`;
        return (this.file.statement(sql).all(target.stream, after) as unknown as Row[]).map(toEvent);
      }
      const sql = `SELECT ${COLUMNS} FROM events WHERE position > ? AND stream >= ? AND stream < ? ORDER BY position LIMIT ${PAGE}`;
      return (
        this.file.statement(sql).all(after, target.category, `${target.category}\u{10ffff}`) as unknown as Row[]
      ).map(toEvent);
    });
  }
}

const toEvent = ({ position, data, metadata, ...row }: Row): StoredEvent => ({
  ...row,
  data: toBytes(data),
  metadata: toBytes(metadata),
  position: String(position),
});

/** A column that was made text from outside is handed over as its bytes: the reader's hashes tell, and nothing breaks. */
const toBytes = (column: unknown): Uint8Array =>
  column instanceof Uint8Array ? column : Buffer.from(String(column), 'utf8');
