import { hashText, toHex } from '@audital/chain/check';
import {
  type AppendReply,
  type AppendRequest,
  Conflict,
  Corrupt,
  type OrganisationId,
  type ReadoptReply,
  type ReadoptRequest,
  Rejected,
  type SealRequest,
  Unavailable,
} from '@audital/contracts';
import type { KeptCheckpoint } from './adapters/checkpoint-store';
import { salts } from './adapters/salts';
import { type OrganisationKeys, sha256 } from './adapters/keys';
import { Answers, refuseAll, type Waiting } from './answers';
import { storeBatch } from './chain-store';
import { Checkpointer } from './checkpointer';
import type { ChainState } from './domain/chain-state';
import { reservedProblem } from './domain/draft';
import { Identity } from './domain/identity';
import type { SealedBatch, SealInput } from './domain/seal-batch';
import { InFlight } from './in-flight';
import { InTurn, type Turn } from './in-turn';
import { ChainStopped, loadChain, type WriterPorts } from './load-chain';
import { fencesOf, lookUp } from './look-up';
import type { WriterOutlets, WriterSettings } from './outlets';
import { readopt, readoption } from './readopt';
import { sealInTurns } from './seal-in-turns';
import { SigningKeys } from './signing-keys';

const BATCH_REQUESTS_MAX = 256;

/**
 * One organisation's chain, written by one loop: what came in since the last batch is the next one. A full batch is sealed while the one
 * before it is being stored; a smaller one waits for that, and grows. Between any two writes the process may die; the comments say what is
 * true then, and `loadChain` is the way back from each.
 */
export class OrganisationWriter {
  private readonly queue: Waiting[] = [];
  private readonly turns = new InTurn<ChainState>();
  private readonly identity: Identity;
  readonly signing: SigningKeys;
  private readonly answers: Answers;
  private readonly newSalt = salts();
  /** Where the chain will stand when the batch in flight is stored. */
  private state: ChainState | null = null;
  private inFlight: InFlight | null = null;
  /** The last batch left requests behind that did not fit. */
  private overflowed = false;
  private readonly checkpointer: Checkpointer;
  private stopped: Error | null = null;
  private running: Promise<void> | null = null;
  private checkpointTimer: NodeJS.Timeout | null = null;
  private checkpointDue = false;
  private closing = false;

  constructor(
    readonly organisationId: OrganisationId,
    private readonly keys: OrganisationKeys,
    private readonly ports: WriterPorts,
    private readonly o: { outlets: WriterOutlets; settings: WriterSettings },
  ) {
    this.identity = new Identity(keys.idSecret);
    this.signing = new SigningKeys(keys, (fact) => ports.index.find(organisationId, this.identity.of(fact)));
    this.answers = new Answers(organisationId, {
      ...{ ledger: ports.ledger, outlets: o.outlets, identity: this.identity },
      again: (one) => this.queue.push(one),
    });
    this.checkpointer = new Checkpointer(organisationId, keys.origin, ports, {
      keysAt: (size) => this.signing.at(size),
      now: o.settings.now,
      published: (checkpoint) => o.outlets.checkpointPublished(organisationId, checkpoint),
    });
  }

  /** Resolves when every record, and then the cursor, is in the ledger; or the part was dropped, which the next poll makes good. */
  seal(request: SealRequest): Promise<void> {
    return new Promise((resolve, reject) => this.enqueue({ kind: 'seal', request }, () => resolve(), reject));
  }

  /** Throws Rejected, Unavailable. The same key answers what it sealed the first time (DESIGN §8.10). */
  async append(request: AppendRequest): Promise<AppendReply> {
    const reserved = reservedProblem(request);
    if (reserved !== null) throw new Rejected('EVENT_RESERVED', reserved);
    return new Promise((resolve, reject) =>
      this.enqueue({ kind: 'append', request }, ({ reply }) => resolve(reply as AppendReply), reject),
    );
  }

  /** Ends LOST_MEMORY, and seals who decided it (readopt.ts). The same request again seals what a crash left out. Throws Rejected. */
  async readopt(request: ReadoptRequest): Promise<ReadoptReply> {
    const { keys, identity, stopped } = this;
    const { newest, kept } = await readopt(this.ports, request, { keys, identity, stopped });
    if (this.stopped) {
      this.stopped = null;
      this.o.outlets.onResumed(this.organisationId);
    }
    const observation = readoption(request, kept, this.o.settings.now().toISOString());
    await this.seal({
      v: 1,
      organisationId: this.organisationId,
      integrationId: null,
      observations: [observation],
      cursor: null,
    });
    const chainPosition = this.ports.index.find(this.organisationId, this.identity.of(observation.fact));
    if (chainPosition === null)
      throw new Unavailable('chain', `The decision was not sealed: ${this.stopReason?.message ?? 'try again.'}`);
    return { size: newest.size, root: hashText(newest.root), keyId: toHex(newest.keyId), chainPosition };
  }

  /** Loads the chain, publishes the note that its stream lacks, signs what no checkpoint covers yet. */
  async open(): Promise<void> {
    this.checkpointDue = true;
    await this.kick();
  }

  /** Work of its own in the one loop, between two batches. Throws Unavailable when the chain is stopped, and what the work throws. */
  async inTurn(work: (turn: Turn) => Promise<void>): Promise<void> {
    const seal = (from: ChainState, request: SealRequest): Promise<void> =>
      new Promise((resolve, reject) => {
        const one = { input: { kind: 'seal' as const, request }, resolve: () => resolve(), reject };
        this.sealWaiting(from, [one]).catch(reject);
      });
    const sign = async (): Promise<void> => {
      await this.landing();
      await this.checkpoint(this.state);
    };
    const done = this.turns.add((state) => work({ state, seal, sign }));
    void this.kick();
    await done;
  }

  /** To be called every few seconds: what has to happen by the clock, happens then. */
  tick(): void {
    if (!this.closing && !this.stopped) this.checkpointer.republishWhenDue();
  }

  get newestCheckpoint(): KeptCheckpoint | null {
    return this.checkpointer.kept;
  }

  get stopReason(): Error | null {
    return this.stopped;
  }

  /** Finishes the batch in hand and signs what it sealed. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.checkpointTimer) {
      clearTimeout(this.checkpointTimer);
      this.checkpointDue = true;
    }
    await this.kick();
  }

  private enqueue(input: SealInput, resolve: Waiting['resolve'], reject: Waiting['reject']): void {
    this.queue.push({ input, resolve, reject });
    void this.kick();
  }

  private kick(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = null;
      if (this.queue.length + this.turns.length > 0) void this.kick();
    });
    return this.running;
  }

  private async run(): Promise<void> {
    // What arrives in the same turn of the event loop shares the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length + this.turns.length > 0 || this.checkpointDue || this.inFlight) {
      const isFull = this.overflowed || this.queue.length >= BATCH_REQUESTS_MAX;
      if (this.turns.length > 0 || !isFull) await this.landing();
      const batch = this.turns.length > 0 ? [] : this.queue.splice(0, BATCH_REQUESTS_MAX);
      try {
        await this.step(batch);
      } catch (error) {
        this.fail(batch, error);
      }
    }
  }

  private async step(batch: Waiting[]): Promise<void> {
    if (this.stopped) return this.refuse(batch);
    const state = this.state ?? (await this.load());
    if (this.turns.length > 0) return this.turns.next(state);
    if (batch.length > 0) await this.sealWaiting(state, batch);
    // What is in flight signs for itself, when it is stored.
    if (this.checkpointDue && !this.inFlight) await this.checkpoint(this.state);
  }

  /** Nothing is in flight any more. */
  private async landing(): Promise<void> {
    await this.inFlight?.landed;
    this.inFlight = null;
  }

  private async load(): Promise<ChainState> {
    await this.landing();
    const { state, kept } = await loadChain(this.ports, this.organisationId, this.keys);
    this.checkpointer.kept = kept;
    this.state = state;
    // Whoever wrote before may have died before signing, and nothing new may come for a long time.
    if (state.tree.size > (kept?.size ?? 0)) this.scheduleCheckpoint(this.o.settings.checkpointDelayMs);
    await this.checkpointer.publish();
    return state;
  }

  /** Whatever went wrong, what this process believes of the chain is worth nothing any more: it is read again. */
  private fail(batch: Waiting[], error: unknown): void {
    this.state = null;
    this.checkpointDue = false;
    if (error instanceof Corrupt && !this.stopped) {
      this.stopped = error;
      this.o.outlets.onStopped(this.organisationId, error);
      this.refuse(batch);
      return;
    }
    const passing =
      error instanceof Conflict
        ? new Unavailable('ledger', 'Another writer wrote this chain; it is read again.', { cause: error })
        : error;
    this.turns.refuse(passing);
    // What waits for the next batch still waits.
    for (const one of batch) if (!this.queue.includes(one)) one.reject(passing);
    // A checkpoint that was due stays due, whatever failed: what was sealed before must not wait for the next event to be signed.
    if (!this.closing) this.scheduleCheckpoint(1_000);
  }

  /** DESIGN §8.8: polls are acknowledged and dropped (their cursors have not moved), users are told to come back. */
  private refuse(batch: Waiting[]): void {
    this.checkpointDue = false;
    const reason = this.stopped instanceof ChainStopped ? this.stopped.reason : 'CORRUPT';
    const why = `The chain of this organisation is stopped (${reason}): its operator has been alarmed.`;
    this.turns.refuse(new Unavailable('chain', why));
    refuseAll(batch, why);
  }

  /** Returns when the batch is in flight; `state` is where it starts from. */
  private async sealWaiting(state: ChainState, waiting: Waiting[]): Promise<void> {
    const believed = this.state;
    const before = this.inFlight;
    const startedAt = performance.now();
    const inChain = await lookUp(
      this.ports.index,
      this.organisationId,
      this.identity,
      waiting.map(({ input }) => input),
    );
    const batch = await this.answers.knownKeys(waiting, inChain, before);
    if (batch.length === 0) return;
    const inputs = batch.map(({ input }) => input);
    const fences = await fencesOf(this.ports.ledger, inputs);
    const sealed = await sealInTurns(state, inputs, {
      sha256,
      identity: this.identity,
      origin: this.keys.origin,
      logCreated: { vkey: this.keys.key(1).vkey },
      now: this.o.settings.now().toISOString(),
      newSalt: this.newSalt,
      anyLoss: before?.anyLoss || this.ports.index.anyLoss(this.organisationId),
      known: (identity) => before?.find(identity) ?? inChain(identity),
      ...(before?.over(fences) ?? fences),
    });
    // What did not fit is first in the next batch.
    const behind = batch.splice(sealed.outcomes.length);
    this.queue.unshift(...behind);
    this.overflowed = behind.length > 0;
    await this.landing();
    // What it was sealed upon failed to be stored: nobody has seen this batch, and it is sealed anew from what the ledger says.
    if (this.state !== believed) return void this.queue.unshift(...batch);
    this.state = sealed.state;
    this.inFlight = new InFlight(sealed, this.store(batch, sealed, startedAt));
  }

  private async store(batch: Waiting[], sealed: SealedBatch, startedAt: number): Promise<void> {
    try {
      await storeBatch(this.ports.ledger, this.organisationId, sealed);
      // The index follows the ledger (DESIGN §8.4); dying before it is written, the next load brings it up to date.
      await this.ports.index.add(this.organisationId, sealed.records);
      this.o.outlets.onSealed(sealed.records.length, batch.length, (performance.now() - startedAt) / 1000);
      if (sealed.records.length > 0) this.scheduleCheckpoint(this.o.settings.checkpointDelayMs);
      // Here everything is stored. Dying before the answers go out, the messages come again: a part is dropped by its fence, and of the rest
      // every fact is known.
      await this.answers.give(batch, sealed);
      if (this.checkpointDue) await this.checkpoint(sealed.state);
    } catch (error) {
      this.fail(batch, error);
    }
  }

  private scheduleCheckpoint(delayMs: number): void {
    if (this.checkpointTimer || this.closing) return;
    this.checkpointTimer = setTimeout(() => {
      this.checkpointTimer = null;
      this.checkpointDue = true;
      void this.kick();
    }, delayMs);
  }

  /** Signs what the ledger has acknowledged. Without a state it stays due: the chain is loaded first. */
  private async checkpoint(state: ChainState | null): Promise<void> {
    if (!state) return;
    this.checkpointDue = false;
    await this.checkpointer.sign(state);
    // Dying before the stamp is set, the next load reads on from the one before.
    if (state.tree.size > 0) this.ports.index.setStamp(this.organisationId, state);
  }
}
