import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { HASH_BYTES, type Tree } from '@audital/chain/write';
import { Unavailable } from '@audital/contracts';
import { IdentityFilter } from './identity-filter';
import type { FromIndexThread, IndexThreadData, IndexWrite } from './identity-index-messages';
import { type ClaimedIndex, claimIndex, openIndex } from './identity-index-schema';

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

/** Threads run what is built, also when this file is run from its source. */
const MAIN = join(__dirname, '..', '..', 'dist', 'adapters', 'identity-index-main.js');
/** So many entries are remembered while they are not written; then `add` waits. */
const UNWRITTEN_MAX = 50_000;

interface Unwritten {
  entries: Map<string, number>;
  losses: number;
}

/**
 * Which fact stands where: the writer's own memory of every identity of every chain. Derived, so it may be deleted, and never synced: a
 * stamp that the chain does not confirm makes the organisation's part be built anew. A thread writes it, in the order of the calls; until
 * then entries are known from memory. A process that dies leaves an older stamp, and the next load indexes what came after it.
 */
export class IdentityIndex {
  private readonly db: DatabaseSync;
  private readonly findMany: StatementSync;
  private readonly findLoss: StatementSync;
  private readonly filter: IdentityFilter;
  private scanned = false;
  private worker: Worker | null = null;
  private trouble: string | null = null;
  /** Identities are stored under a small number instead of the organisation's id. */
  private readonly numbers = new Map<string, number>();
  private readonly unwritten = new Map<number, Unwritten>();
  private unwrittenEntries = 0;
  /** What is to be done when each write is told, in order. */
  private readonly whenWritten: (() => void)[] = [];
  private readonly claimed: ClaimedIndex;
  private readonly path: string;

  constructor(
    folder: string,
    private readonly onTrouble: (message: string) => void = () => undefined,
  ) {
    this.claimed = claimIndex(folder);
    this.path = this.claimed.path;
    this.db = openIndex(this.path);
    this.findMany = this.db.prepare(
      'SELECT identity, position FROM identities WHERE organisation = ? AND identity IN (SELECT value FROM json_each(?))',
    );
    this.findLoss = this.db.prepare('SELECT 1 FROM losses WHERE organisation = ?');
    const { size } = this.db.prepare('SELECT sum(size) AS size FROM stamps').get() as { size: number | null };
    this.filter = new IdentityFilter(IdentityFilter.bufferFor(size ?? 0));
  }

  find(organisationId: string, identity: string): number | null {
    return this.findAll(organisationId, [identity]).get(identity) ?? null;
  }

  /** Positions of those that stand in the chain. */
  findAll(organisationId: string, identities: string[]): Map<string, number> {
    const organisation = this.number(organisationId);
    const unwritten = this.unwritten.get(organisation)?.entries;
    const found = new Map<string, number>();
    const asked: string[] = [];
    for (const identity of identities) {
      const position = unwritten?.get(identity);
      if (position !== undefined) found.set(identity, position);
      else if (!this.scanned || this.filter.mayHold(identity)) asked.push(identity);
    }
    if (asked.length === 0) return found;
    const rows = this.findMany.all(organisation, JSON.stringify(asked));
    for (const { identity, position } of rows as unknown as { identity: string; position: number }[])
      found.set(identity, position);
    return found;
  }

  /** Whether the chain holds an EVIDENCE_LOST: else no fact was ever refused, and none has to be looked up as such. */
  anyLoss(organisationId: string): boolean {
    const organisation = this.number(organisationId);
    if ((this.unwritten.get(organisation)?.losses ?? 0) > 0) return true;
    return this.findLoss.get(organisation) !== undefined;
  }

  /** Known when it returns; resolves when not too much waits to be written. Throws Unavailable when that does not end. */
  async add(organisationId: string, entries: IndexEntry[]): Promise<void> {
    if (entries.length === 0) return;
    const organisation = this.number(organisationId);
    const unwritten = this.unwritten.get(organisation) ?? { entries: new Map<string, number>(), losses: 0 };
    this.unwritten.set(organisation, unwritten);
    const losses = entries.filter(({ isLoss }) => isLoss).length;
    unwritten.losses += losses;
    for (const { identity, position } of entries) {
      // The first that was sealed stands.
      if (!unwritten.entries.has(identity)) unwritten.entries.set(identity, position);
      this.filter.add(identity);
    }
    this.unwrittenEntries += entries.length;
    const identities = entries.map(({ identity }) => identity).join('');
    const positions = new Float64Array(entries.map(({ position }) => position));
    const written = this.write({ kind: 'add', organisation, identities, positions, anyLoss: losses > 0 }).then(() => {
      for (const { identity } of entries) unwritten.entries.delete(identity);
      unwritten.losses -= losses;
      this.unwrittenEntries -= entries.length;
    });
    if (this.unwrittenEntries <= UNWRITTEN_MAX) return;
    if (this.trouble !== null) throw new Unavailable('index', `${this.path} cannot be written: ${this.trouble}`);
    await written;
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

  /** Written after everything that was added before. */
  setStamp(organisationId: string, { tree, head, lastRecordedAt }: IndexStamp): void {
    const hashes = Buffer.concat(tree.hashes);
    void this.write({ kind: 'stamp', id: organisationId, size: tree.size, head, lastRecordedAt, hashes });
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

  /** Resolves when nothing of the organisation is known any more. */
  async forget(organisationId: string): Promise<void> {
    await this.write({ kind: 'forget', organisation: this.number(organisationId), id: organisationId });
  }

  /** What was added before is written first. */
  async close(): Promise<void> {
    const { worker } = this;
    if (worker) {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage({ kind: 'close' });
      await ended;
    }
    this.db.close();
    this.claimed.release();
  }

  private write(message: IndexWrite): Promise<void> {
    this.worker ??= this.start();
    this.worker.postMessage(message);
    return new Promise((resolve) => this.whenWritten.push(resolve));
  }

  private start(): Worker {
    const workerData: IndexThreadData = { path: this.path, filter: this.filter.shared };
    const worker = new Worker(MAIN, { workerData });
    worker.on('message', (message: FromIndexThread) => {
      if (message.kind === 'scanned') this.scanned = true;
      else if (message.kind === 'written') {
        this.trouble = null;
        this.whenWritten.shift()?.();
      } else {
        if (this.trouble === null) this.onTrouble(message.message);
        this.trouble = message.message;
      }
    });
    // A bug, so the process ends and is started again: half an index would let a fact be sealed twice.
    worker.on('error', (error) => {
      throw error;
    });
    return worker;
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
}
