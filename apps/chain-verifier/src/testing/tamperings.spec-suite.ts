import type { DatabaseSync } from 'node:sqlite';
import { ledgerStreams } from '@audital/contracts';
import { organisationId } from '@audital/testing';
import type { PassFinding } from '../domain/pass-findings';
import { Key, SealedChain, type SealedEvent } from './sealed-chain.spec-suite';

export const COUNT = 40;

export const org = organisationId(7);
const [chain, payloads, checkpoints] = [
  ledgerStreams.chain(org),
  ledgerStreams.payload(org, 0),
  ledgerStreams.checkpoint(org),
];
export const original = SealedChain.of(org, new Key('the log'), COUNT);
const attacker = new Key('an attacker');

export type Pick = (limit: number) => number;

/** One way to bend a ledger of `original`. */
export interface Tampering {
  name: string;
  /** Bends the file; answers the code and the first position that must be told. A null code: any. */
  apply: (db: DatabaseSync, pick: Pick) => { code: PassFinding['code'] | null; position: number };
  /** Whether there is but one place for it, a few, or many. */
  places: 'one' | 'some' | 'many';
}

const middle = (pick: Pick): number => 1 + pick(COUNT - 2);

function flip(db: DatabaseSync, stream: string, revision: number, pick: Pick): void {
  const row = db.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?').get(stream, revision);
  const bytes = Buffer.from((row as { data: Uint8Array }).data);
  const at = pick(bytes.length);
  bytes[at] = (bytes[at] as number) ^ (1 + pick(255));
  put(db, stream, revision, bytes);
}

const put = (db: DatabaseSync, stream: string, revision: number, data: Uint8Array): void =>
  void db.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = ?').run(data, stream, revision);
const remove = (db: DatabaseSync, stream: string, from: number, to = from): void =>
  void db.prepare('DELETE FROM events WHERE stream = ? AND revision BETWEEN ? AND ?').run(stream, from, to);

/** Moves every later revision by one; a detour over negative numbers, because a revision stands once. */
function shift(db: DatabaseSync, stream: string, from: number, by: 1 | -1): void {
  db.prepare('UPDATE events SET revision = -(revision + ?) WHERE stream = ? AND revision >= ?').run(by, stream, from);
  db.prepare('UPDATE events SET revision = -revision WHERE stream = ? AND revision < 0').run(stream);
}

/** Puts a record, with the metadata of the one at `like`, in front of what stands at a revision. */
function insert(db: DatabaseSync, revision: number, data: Uint8Array, like: number): void {
  const { metadata } = db.prepare('SELECT metadata FROM events WHERE stream = ? AND revision = ?').get(chain, like) as {
    metadata: Uint8Array;
  };
  shift(db, chain, revision, 1);
  const sql = 'INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)';
  db.prepare(sql).run(chain, revision, 'forged', 'Record', data, metadata);
}

const event = (of: SealedChain, position: number): SealedEvent => of.events[position] as SealedEvent;

/** Every event from a position on, sealed anew with links that hold. */
function rewritten(position: number, key: Key): SealedChain {
  const forged = new SealedChain(org, key);
  while (forged.size < COUNT) forged.seal(forged.size === position ? { payload: { forged: true } } : {});
  return forged;
}

function replaceAll(db: DatabaseSync, by: SealedChain): void {
  for (const [position, { record, stored }] of by.events.entries()) {
    put(db, chain, position, record);
    put(db, payloads, position, stored);
  }
}

export const TAMPERINGS: Tampering[] = [
  {
    name: 'flip a byte of a record',
    places: 'many',
    apply(db, pick) {
      const position = pick(COUNT);
      flip(db, chain, position, pick);
      return { code: null, position };
    },
  },
  {
    name: 'flip a byte of a payload or its salt',
    places: 'many',
    apply(db, pick) {
      const position = pick(COUNT);
      flip(db, payloads, position, pick);
      return { code: 'INVALID', position };
    },
  },
  {
    name: 'flip a byte of the checkpoint',
    places: 'many',
    apply(db, pick) {
      flip(db, checkpoints, 0, pick);
      return { code: 'INVALID', position: COUNT };
    },
  },
  {
    name: 'delete an event',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      remove(db, chain, position);
      return { code: 'GAP', position };
    },
  },
  {
    name: 'delete an event and close the gap',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      remove(db, chain, position);
      shift(db, chain, position + 1, -1);
      return { code: 'GAP', position };
    },
  },
  {
    name: 'insert an event',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      const forged = SealedChain.of(org, original.key, position).seal({ tags: ['forged'] });
      insert(db, position, event(forged, position).record, position);
      return { code: 'DUPLICATE', position };
    },
  },
  {
    name: 'reorder two events',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      put(db, chain, position, event(original, position + 1).record);
      put(db, chain, position + 1, event(original, position).record);
      return { code: 'REORDER', position };
    },
  },
  {
    name: 'duplicate an event',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      insert(db, position, event(original, position).record, position);
      return { code: 'DUPLICATE', position };
    },
  },
  {
    name: 'truncate the chain',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      remove(db, chain, position, COUNT);
      return { code: 'ROLLBACK', position };
    },
  },
  {
    name: 'drop the checkpoint',
    places: 'one',
    apply(db) {
      remove(db, checkpoints, 0);
      return { code: 'ROLLBACK', position: 0 };
    },
  },
  {
    name: 'rewrite with valid links, the old signature kept',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      replaceAll(db, rewritten(position, original.key));
      return { code: 'FORK', position };
    },
  },
  {
    name: 'rewrite with valid links, signed by the log’s own key',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      const forged = rewritten(position, original.key);
      replaceAll(db, forged);
      put(db, checkpoints, 0, Buffer.from(forged.note()));
      return { code: 'FORK', position };
    },
  },
  {
    name: 'rewrite everything and swap the key',
    places: 'some',
    apply(db, pick) {
      const forged = rewritten(middle(pick), attacker);
      replaceAll(db, forged);
      put(db, checkpoints, 0, Buffer.from(forged.note()));
      return { code: 'FORK', position: 0 };
    },
  },
  {
    name: 'swap the key of the checkpoint alone',
    places: 'one',
    apply(db) {
      put(db, checkpoints, 0, Buffer.from(original.note(attacker)));
      return { code: 'INVALID', position: COUNT };
    },
  },
  {
    name: 'leave no event at all',
    places: 'one',
    apply(db) {
      db.exec('DELETE FROM events');
      return { code: 'ROLLBACK', position: 0 };
    },
  },
  {
    name: 'drop a payload without a redaction',
    places: 'some',
    apply(db, pick) {
      const position = middle(pick);
      if (pick(2) === 0) remove(db, payloads, position);
      else put(db, payloads, position, new Uint8Array(0));
      return { code: 'MISSING', position };
    },
  },
];
