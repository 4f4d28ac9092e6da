import type { DatabaseSync } from 'node:sqlite';

export type Pick = (limit: number) => number;

/** Streams and sealed bytes of the log that is bent, and of two that its file never held. */
export interface BentLog {
  chain: string;
  payloads: string;
  checkpoints: string;
  count: number;
  /** With valid links from its first record to its last: another payload at `forgedAt`, sealed by the log's own key or by an attacker's. */
  forged: Record<
    'own' | 'attacker',
    { forgedAt: number; records: Uint8Array[]; payloads: Uint8Array[]; note: Uint8Array }
  >;
  /** The log's own checkpoint, signed by the attacker. */
  attackersNote: Uint8Array;
}

export interface Tampering {
  name: string;
  /** Whether there is but one place for it, a few, or many. */
  places: 'one' | 'some' | 'many';
  /** What its own reading sees; the rest is for the chain-verifier, which reads checkpoints anew and remembers every leaf. */
  byGateway: 'what and where' | 'where' | 'not';
  /** Answers the code and the first position that must be told. A null code: any. */
  bend: (db: DatabaseSync, pick: Pick, log: BentLog) => { code: string | null; position: number };
}

const dataAt = (db: DatabaseSync, stream: string, revision: number): Uint8Array => {
  const row = db.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?').get(stream, revision);
  return (row as { data: Uint8Array }).data;
};
const put = (db: DatabaseSync, stream: string, revision: number, data: Uint8Array): void =>
  void db.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = ?').run(data, stream, revision);
const remove = (db: DatabaseSync, stream: string, from: number, to = from): void =>
  void db.prepare('DELETE FROM events WHERE stream = ? AND revision BETWEEN ? AND ?').run(stream, from, to);

function flip(db: DatabaseSync, stream: string, revision: number, pick: Pick): void {
  const bytes = Buffer.from(dataAt(db, stream, revision));
  const at = pick(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 + pick(255));
  put(db, stream, revision, bytes);
}

/** Moves every later revision; a detour over negative numbers, because a revision stands once. */
function shift(db: DatabaseSync, stream: string, from: number, by: 1 | -1): void {
  db.prepare('UPDATE events SET revision = -(revision + ?) WHERE stream = ? AND revision >= ?').run(by, stream, from);
  db.prepare('UPDATE events SET revision = -revision WHERE stream = ? AND revision < 0').run(stream);
}

function insert(db: DatabaseSync, { chain }: BentLog, position: number, data: Uint8Array): void {
  shift(db, chain, position, 1);
  const copy = `INSERT INTO events (stream, revision, id, type, data, metadata)
    SELECT stream, ?, id, type, ?, metadata FROM events WHERE stream = ? AND revision = ?`;
  db.prepare(copy).run(position, data, chain, position + 1);
}

function replaceAll(db: DatabaseSync, log: BentLog, by: 'own' | 'attacker'): number {
  const { records, payloads, forgedAt } = log.forged[by];
  for (const [position, record] of records.entries()) put(db, log.chain, position, record);
  for (const [position, payload] of payloads.entries()) put(db, log.payloads, position, payload);
  return forgedAt;
}

const middle = (pick: Pick, { count }: BentLog): number => 1 + pick(count - 2);

export const TAMPERINGS: Tampering[] = [
  {
    ...{ name: 'flip a byte of a record', places: 'many', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = pick(log.count);
      flip(db, log.chain, position, pick);
      return { code: null, position };
    },
  },
  {
    ...{ name: 'flip a byte of a payload', places: 'many', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = pick(log.count);
      flip(db, log.payloads, position, pick);
      return { code: 'INVALID', position };
    },
  },
  {
    ...{ name: 'flip a byte of the checkpoint', places: 'many', byGateway: 'not' },
    bend(db, pick, log) {
      flip(db, log.checkpoints, 0, pick);
      return { code: 'INVALID', position: log.count };
    },
  },
  {
    ...{ name: 'delete an event', places: 'some', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = middle(pick, log);
      remove(db, log.chain, position);
      return { code: 'GAP', position };
    },
  },
  {
    ...{ name: 'delete an event and close the gap', places: 'some', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = middle(pick, log);
      remove(db, log.chain, position);
      shift(db, log.chain, position + 1, -1);
      return { code: 'GAP', position };
    },
  },
  {
    ...{ name: 'insert an event', places: 'one', byGateway: 'where' },
    bend(db, _pick, log) {
      const { forgedAt: position, records } = log.forged.own;
      insert(db, log, position, records[position] as Uint8Array);
      return { code: 'DUPLICATE', position };
    },
  },
  {
    ...{ name: 'duplicate an event', places: 'some', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = middle(pick, log);
      insert(db, log, position, dataAt(db, log.chain, position));
      return { code: 'DUPLICATE', position };
    },
  },
  {
    ...{ name: 'reorder two events', places: 'some', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = middle(pick, log);
      const [one, other] = [dataAt(db, log.chain, position), dataAt(db, log.chain, position + 1)];
      put(db, log.chain, position, other);
      put(db, log.chain, position + 1, one);
      return { code: 'REORDER', position };
    },
  },
  {
    ...{ name: 'truncate the chain', places: 'some', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = middle(pick, log);
      remove(db, log.chain, position, log.count);
      return { code: 'ROLLBACK', position };
    },
  },
  {
    ...{ name: 'drop the checkpoint', places: 'one', byGateway: 'not' },
    bend(db, _pick, log) {
      remove(db, log.checkpoints, 0);
      return { code: 'ROLLBACK', position: 0 };
    },
  },
  {
    ...{ name: 'rewrite with valid links, the old signature kept', places: 'one', byGateway: 'not' },
    bend: (db, _pick, log) => ({ code: 'FORK', position: replaceAll(db, log, 'own') }),
  },
  {
    ...{ name: 'rewrite with valid links, signed by the log’s own key', places: 'one', byGateway: 'not' },
    bend(db, _pick, log) {
      put(db, log.checkpoints, 0, log.forged.own.note);
      return { code: 'FORK', position: replaceAll(db, log, 'own') };
    },
  },
  {
    ...{ name: 'rewrite from the first record and swap the key', places: 'one', byGateway: 'not' },
    bend(db, _pick, log) {
      put(db, log.checkpoints, 0, log.forged.attacker.note);
      replaceAll(db, log, 'attacker');
      return { code: 'FORK', position: 0 };
    },
  },
  {
    ...{ name: 'swap the key of the checkpoint alone', places: 'one', byGateway: 'not' },
    bend(db, _pick, log) {
      put(db, log.checkpoints, 0, log.attackersNote);
      return { code: 'INVALID', position: log.count };
    },
  },
  {
    ...{ name: 'leave no event at all', places: 'one', byGateway: 'what and where' },
    bend(db, _pick, log) {
      remove(db, log.chain, 0, log.count);
      return { code: 'ROLLBACK', position: 0 };
    },
  },
  {
    ...{ name: 'drop a payload without a redaction', places: 'some', byGateway: 'what and where' },
    bend(db, pick, log) {
      const position = middle(pick, log);
      remove(db, log.payloads, position);
      return { code: 'MISSING', position };
    },
  },
];
