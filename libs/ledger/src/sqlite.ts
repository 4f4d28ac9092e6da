import { type DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Conflict, Unavailable } from '@audital/contracts';
import {
  type AppendResult,
  type FollowOptions,
  type FollowTarget,
  type Ledger,
  NO_STREAM,
  type NewEvent,
  type ReadOptions,
  type StoredEvent,
  type StreamAppend,
  StreamDeleted,
} from './ledger';
import { checkAppend, checkTombstone, checkTrim } from './refusals';
import { mapSqliteError } from './sqlite-errors';
import { BUSY_TIMEOUT_MS, openDatabase } from './sqlite-schema';
import { SqliteFollowers } from './sqlite-followers';

interface Row {
  position: number;
  stream: string;
  revision: number;
  id: string;
  type: string;
  data: Uint8Array;
  metadata: Uint8Array;
}

const PAGE = 1000;
const CUT_RETRY_MS = 25;
const CUT_LIMIT_MS = 3_000;
const COLUMNS = 'position, stream, revision, id, type, data, metadata';
const INSERT_ONE = 'INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)';
/** Crossing into SQLite costs about as much as storing a small row: a batch goes there in portions. */
const ROWS_PER_INSERT = 16;
const INSERT_MANY = INSERT_ONE + ', (?, ?, ?, ?, ?, ?)'.repeat(ROWS_PER_INSERT - 1);

/** The embedded ledger: one file, for one machine. Any number of processes may have it open. */
export class SqliteLedger implements Ledger {
  private readonly followers: SqliteFollowers;
  private readonly statements = new Map<string, StatementSync>();

  private constructor(
    private readonly db: DatabaseSync,
    private readonly path: string,
    private readonly writes: readonly string[],
  ) {
    this.followers = new SqliteFollowers({
      version: () => (this.statement('PRAGMA data_version').get() as { data_version: number }).data_version,
      page: (target, after) => this.page(target, after),
    });
  }

  static open(path: string, writes: readonly string[]): SqliteLedger {
    return new SqliteLedger(openDatabase(path, writes), path, writes);
  }

  async append(stream: string, expectedRevision: number, events: NewEvent[]): Promise<AppendResult> {
    await this.appendTogether([{ stream, expectedRevision, events }]);
    return { lastRevision: expectedRevision + events.length };
  }

  /** One transaction, so one fsync for all of them. */
  async appendTogether(appends: StreamAppend[]): Promise<void> {
    for (const { stream, events } of appends) checkAppend(stream, events, this.writes);
    this.write(() => {
      for (const append of appends) this.appendNow(append);
    });
    this.followers.wake();
  }

  async read(stream: string, options: ReadOptions = {}): Promise<StoredEvent[]> {
    const backwards = options.direction === 'backwards';
    const limit = Math.min(options.limit ?? PAGE, PAGE);
    const from = options.from ?? (backwards ? 'end' : 'start');
    const bound = from === 'start' ? 0 : from === 'end' ? Number.MAX_SAFE_INTEGER : from;
    return this.guarded(() => {
      this.refuseDeleted(stream);
      if (from === 'end' && !backwards) return [];
      const [compare, order] = backwards ? ['<=', 'DESC'] : ['>=', 'ASC'];
      const sql = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision ${compare} ? ORDER BY revision ${order} LIMIT ?`;
      return (this.statement(sql).all(stream, bound, limit) as unknown as Row[]).map(toEvent);
    });
  }

  async lastRevision(stream: string): Promise<number> {
    return this.guarded(() => {
      this.refuseDeleted(stream);
      return this.revisionNow(stream);
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
    this.write(() => {
      const keep = Math.min(beforeRevision, this.revisionNow(stream));
      this.statement(
        'INSERT INTO trims VALUES (?, ?) ON CONFLICT DO UPDATE SET before_revision = max(before_revision, excluded.before_revision)',
      ).run(stream, keep);
      this.statement('DELETE FROM events WHERE stream = ? AND revision < ?').run(stream, keep);
    });
  }

  async tombstone(stream: string): Promise<void> {
    checkTombstone(stream, this.writes);
    this.write(() => {
      this.statement('INSERT INTO tombstones VALUES (?) ON CONFLICT DO NOTHING').run(stream);
      this.statement('DELETE FROM events WHERE stream = ?').run(stream);
    });
    // secure_delete has zeroed the pages; the old ones still lie in the write-ahead log until it is cut.
    await this.cutLog(stream);
  }

  /** A reader in another process keeps the log for as long as it reads: waited for without holding up this process. */
  private async cutLog(stream: string): Promise<void> {
    for (const end = Date.now() + CUT_LIMIT_MS; ; await delay(CUT_RETRY_MS)) {
      if (this.guarded(() => this.tryToCutLog())) return;
      if (Date.now() < end) continue;
      const message = `${stream} is deleted, but another process reads the ledger, so its bytes still lie in ${this.path}-wal: delete it again.`;
      throw new Unavailable('ledger', message);
    }
  }

  private tryToCutLog(): boolean {
    this.db.exec('PRAGMA busy_timeout = 0');
    try {
      const { busy } = this.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number };
      return busy === 0;
    } finally {
      this.db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  async close(): Promise<void> {
    await this.followers.close();
    if (this.db.isOpen) this.db.close();
  }

  private appendNow({ stream, expectedRevision, events }: StreamAppend): void {
    this.refuseDeleted(stream);
    const actual = this.revisionNow(stream);
    if (actual !== expectedRevision) {
      if (actual >= expectedRevision + events.length && this.standsAlready(stream, expectedRevision, events)) return;
      throw new Conflict(stream, expectedRevision, actual);
    }
    let next = expectedRevision + 1;
    for (let done = 0; done < events.length;) {
      const rows = events.length - done >= ROWS_PER_INSERT ? ROWS_PER_INSERT : 1;
      const values = events
        .slice(done, done + rows)
        .flatMap(({ id, type, data, metadata }) => [stream, next++, id, type, data, metadata]);
      this.statement(rows === 1 ? INSERT_ONE : INSERT_MANY).run(...values);
      done += rows;
    }
  }

  /** The identical batch, byte for byte, at the same place: a retry after an unknown outcome. */
  private standsAlready(stream: string, expectedRevision: number, events: NewEvent[]): boolean {
    const sql = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?`;
    const rows = this.statement(sql).all(stream, expectedRevision, events.length) as unknown as Row[];
    return (
      rows.length === events.length &&
      rows.every((row, index) => {
        const event = events[index] as NewEvent;
        return (
          row.id === event.id &&
          row.type === event.type &&
          same(row.data, event.data) &&
          same(row.metadata, event.metadata)
        );
      })
    );
  }

  private refuseDeleted(stream: string): void {
    if (this.statement('SELECT 1 FROM tombstones WHERE stream = ?').get(stream)) throw new StreamDeleted(stream);
  }

  private revisionNow(stream: string): number {
    const row = this.statement('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1').get(
      stream,
    ) as { revision: number } | undefined;
    return row?.revision ?? NO_STREAM;
  }

  /** One transaction: BEGIN IMMEDIATE waits for other writers (busy_timeout), COMMIT returns after fsync. */
  private write<T>(work: () => T): T {
    return this.guarded(() => {
      this.db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.db.isTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  private guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw mapSqliteError(error, this.path);
    }
  }

  private page(target: FollowTarget, after: number): StoredEvent[] {
    return this.guarded(() => {
      if ('stream' in target) {
        this.refuseDeleted(target.stream);
        const sql = `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ${PAGE}`;
        return (this.statement(sql).all(target.stream, after) as unknown as Row[]).map(toEvent);
      }
      const sql = `SELECT ${COLUMNS} FROM events WHERE position > ? AND stream >= ? AND stream < ? ORDER BY position LIMIT ${PAGE}`;
      return (this.statement(sql).all(after, target.category, `${target.category}\u{10ffff}`) as unknown as Row[]).map(
        toEvent,
      );
    });
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql) ?? this.db.prepare(sql);
    this.statements.set(sql, known);
    return known;
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const toEvent = ({ position, data, metadata, ...row }: Row): StoredEvent => ({
  ...row,
  data: toBytes(data),
  metadata: toBytes(metadata),
  position: String(position),
});

/** A column that was made text from outside is handed over as its bytes: the reader's hashes tell, and nothing breaks. */
const toBytes = (column: unknown): Uint8Array =>
  column instanceof Uint8Array ? column : Buffer.from(String(column), 'utf8');
