import { type DatabaseSync, type StatementSync } from 'node:sqlite';
import { Conflict } from '@audital/contracts';
import { NO_STREAM, type NewEvent, type StreamAppend, StreamDeleted } from './ledger';
import { mapSqliteError } from './sqlite-errors';
import { openDatabase } from './sqlite-schema';

export interface Row {
  position: number;
  stream: string;
  revision: number;
  id: string;
  type: string;
  data: Uint8Array;
  metadata: Uint8Array;
}

export const COLUMNS = 'position, stream, revision, id, type, data, metadata';
const INSERT_ONE = 'INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)';
/** Crossing into SQLite costs about as much as storing a small row: a batch goes there in portions. */
const ROWS_PER_INSERT = 16;
const INSERT_MANY = INSERT_ONE + ', (?, ?, ?, ?, ?, ?)'.repeat(ROWS_PER_INSERT - 1);

/** One connection to the ledger's file. Throws what services understand. */
export class SqliteFile {
  readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  constructor(
    readonly path: string,
    writes: readonly string[],
  ) {
    this.db = openDatabase(path, writes);
  }

  /** One transaction, so one fsync for all of them. */
  appendAll(appends: StreamAppend[]): void {
    this.write(() => {
      for (const append of appends) this.append(append);
    });
  }

  refuseDeleted(stream: string): void {
    if (this.statement('SELECT 1 FROM tombstones WHERE stream = ?').get(stream)) throw new StreamDeleted(stream);
  }

  revisionNow(stream: string): number {
    const row = this.statement('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1').get(
      stream,
    ) as { revision: number } | undefined;
    return row?.revision ?? NO_STREAM;
  }

  /** One transaction: BEGIN IMMEDIATE waits for other writers (busy_timeout), COMMIT returns after fsync. */
  write<T>(work: () => T): T {
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

  guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw mapSqliteError(error, this.path);
    }
  }

  statement(sql: string): StatementSync {
    const known = this.statements.get(sql) ?? this.db.prepare(sql);
    this.statements.set(sql, known);
    return known;
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }

  private append({ stream, expectedRevision, events }: StreamAppend): void {
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
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
