import { type ChainRecord, HASH_BYTES, leafHash, parseRecord, type Sha256 } from '@audital/chain/check';
import { ledgerStreams, type OrganisationId } from '@audital/contracts';
import { type FollowTarget, type Ledger, readAll, type StoredEvent } from '@audital/ledger';
import { expectedLeaves } from '../domain/expected-leaves';
import type { KnownTree } from '../domain/trust';
import type { ChainIndex, Leaf } from './chain-index';
import { followThroughBreaks } from './follow';
import type { Log } from './log';

const BATCH_MAX = 256;
const YIELD_EVERY = 512;
const CATEGORY = 'chain-';

export interface ChainFollowerOptions {
  ledger: Ledger;
  index: ChainIndex;
  sha256: Sha256;
  log: Log;
}

/**
 * Keeps the index up with the chains of the ledger. It survives restarts from the place that it wrote together with the rows. What it
 * writes is believed only as far as the signed root that it leads to: TrustKeeper checks that, and has it rebuilt.
 */
export class ChainFollower {
  private readonly buffer: StoredEvent[] = [];
  /** Flushes and rebuilds, one after the other. */
  private work: Promise<unknown> = Promise.resolve();
  private flushing: Promise<void> | null = null;
  private readonly failed = Promise.withResolvers<never>();
  private isCaughtUp = false;
  private onIndexed: (organisationIds: OrganisationId[]) => void = () => undefined;
  private onCaughtUp: () => void = () => undefined;

  constructor(private readonly o: ChainFollowerOptions) {}

  get caughtUp(): boolean {
    return this.isCaughtUp && this.buffer.length === 0;
  }

  /** `indexed` is called after every batch with the organisations it was about; `caughtUp` once. */
  notify(listener: { indexed: (organisationIds: OrganisationId[]) => void; caughtUp: () => void }): void {
    this.onIndexed = listener.indexed;
    this.onCaughtUp = listener.caughtUp;
  }

  /** An index whose place is not in this ledger belongs to another one (restored, or started afresh): it is emptied. Call it before `run`. */
  async forgetIfForeign(): Promise<void> {
    const place = this.o.index.place(CATEGORY);
    if (place === null) return;
    const [event] = await this.o.ledger.read(place.stream, { from: place.revision, limit: 1 });
    if (event?.position === place.position && event.revision === place.revision) return;
    const { stream, revision } = place;
    this.o.log.warn({ stream, revision }, 'The index belongs to another state of the ledger; it is built anew.');
    this.o.index.forget(null);
  }

  async run(signal: AbortSignal): Promise<void> {
    this.failed.promise.catch(() => undefined);
    const { ledger, index, log } = this.o;
    const from = (): FollowTarget => ({ category: CATEGORY, afterPosition: index.place(CATEGORY)?.position ?? null });
    const handle = (event: StoredEvent): Promise<void> | void => this.take(event);
    const onCaughtUp = (): void => void this.flush().then(() => this.reachEnd(), this.failed.reject);
    const following = followThroughBreaks({ ledger, from, handle, signal, onCaughtUp, log });
    await Promise.race([following, this.failed.promise]);
    await this.flush();
  }

  /**
   * Reads one organisation's chain again and replaces its rows and tiles. Where a record no longer hashes to what the record after it
   * names, the tree keeps the named hash: so the other events still prove their place, and the changed one fails. `anchor` is what is
   * known of one record from outside the ledger: the last one under the kept checkpoint. Unless `accept` likes the new tree, the old
   * one stays.
   */
  rebuild(
    organisationId: OrganisationId,
    anchor: { position: number; head: Uint8Array } | null,
    accept: (tree: KnownTree) => boolean,
  ): Promise<void> {
    const { index } = this.o;
    return this.exclusively(async () => {
      const records = await this.readChain(organisationId);
      const hashes = expectedLeaves(records, anchor);
      await index.transaction(async () => {
        index.forget(organisationId);
        for (let at = 0; at < records.length; at += YIELD_EVERY) {
          const some = records.slice(at, at + YIELD_EVERY);
          const leafAt = ({ record }: { record: ChainRecord | null }, offset: number): Leaf => ({
            position: at + offset,
            hash: hashes[at + offset] as Uint8Array,
            record,
          });
          index.append(organisationId, some.map(leafAt));
          await breathe();
        }
        return accept(index.tree(organisationId));
      });
    });
  }

  private reachEnd(): void {
    if (this.isCaughtUp) return;
    this.isCaughtUp = true;
    this.onCaughtUp();
  }

  private async readChain(organisationId: OrganisationId): Promise<{ hash: Uint8Array; record: ChainRecord | null }[]> {
    const records: { hash: Uint8Array; record: ChainRecord | null }[] = [];
    for await (const { revision, data } of readAll(this.o.ledger, ledgerStreams.chain(organisationId))) {
      while (records.length < revision) records.push({ hash: new Uint8Array(HASH_BYTES), record: null });
      records.push({ hash: leafHash(this.o.sha256, data), record: readRecord(data) });
      if (records.length % YIELD_EVERY === 0) await breathe();
    }
    return records;
  }

  private take(event: StoredEvent): Promise<void> | void {
    this.buffer.push(event);
    if (this.flushing === null) {
      // After the rest of the page that the follower holds: one transaction for all of it.
      this.flushing = breathe()
        .then(() => this.flush())
        .finally(() => (this.flushing = null));
      // `run` rejects with it: an index that cannot be written ends the process.
      this.flushing.catch(this.failed.reject);
    }
    if (this.buffer.length >= BATCH_MAX) return this.flushing;
  }

  private flush(): Promise<void> {
    const { index } = this.o;
    return this.exclusively(async () => {
      const events = [...this.buffer];
      const last = events.at(-1);
      if (last === undefined) return;
      const byStream = Map.groupBy(events, (event) => event.stream);
      await index.transaction(() => {
        for (const [stream, some] of byStream) this.indexEvents(organisationOf(stream), some);
        index.keepPlace(CATEGORY, last);
        return true;
      });
      this.buffer.splice(0, events.length);
      this.onIndexed([...byStream.keys()].map(organisationOf));
    });
  }

  private indexEvents(organisationId: OrganisationId, events: StoredEvent[]): void {
    const leaves: Leaf[] = [];
    let next = this.o.index.size(organisationId);
    for (const { revision, data } of events) {
      // Already here: the follower went back, or the ledger did; the signed root tells which.
      if (revision < next) continue;
      // A gap: the hash of what is missing is found by a rebuild, from the record after it.
      for (; next < revision; next += 1)
        leaves.push({ position: next, hash: new Uint8Array(HASH_BYTES), record: null });
      leaves.push({ position: revision, hash: leafHash(this.o.sha256, data), record: readRecord(data) });
      next += 1;
    }
    this.o.index.append(organisationId, leaves);
  }

  private exclusively<T>(job: () => Promise<T>): Promise<T> {
    const done = this.work.then(job, job);
    this.work = done.catch(() => undefined);
    return done;
  }
}

export const organisationOf = (stream: string): OrganisationId =>
  stream.slice(stream.indexOf('-') + 1) as OrganisationId;

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function readRecord(bytes: Uint8Array): ChainRecord | null {
  try {
    return parseRecord(bytes);
  } catch {
    return null;
  }
}
