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
import { storeBatch } from './chain-store';
import { Checkpointer } from './checkpointer';
import type { ChainState } from './domain/chain-state';
import { reservedProblem } from './domain/draft';
import { Identity } from './domain/identity';
import { factsOf, type Outcome, type SealedBatch, type SealInput } from './domain/seal-batch';
import { InTurn, type Turn } from './in-turn';
import { ChainStopped, loadChain, type WriterPorts } from './load-chain';
import { fencesOf, lookUp, remember } from './look-up';
import type { WriterOutlets, WriterSettings } from './outlets';
import { readopt, readoption } from './readopt';
import { replay } from './replay';
import { sealInTurns } from './seal-in-turns';
import { SigningKeys } from './signing-keys';

type SealResult = { reply: AppendReply | null };
interface Waiting {
  input: SealInput;
  resolve: (result: SealResult) => void;
  reject: (error: unknown) => void;
}

const BATCH_REQUESTS_MAX = 256;

/**
 * One organisation's chain, written by one loop: what came in since the last batch is the next one. Between any two writes the process
 * may die; the comments say what is true then, and `loadChain` is the way back from each.
 */
export class OrganisationWriter {
  private readonly queue: Waiting[] = [];
  private readonly turns = new InTurn<ChainState>();
  private readonly identity: Identity;
  readonly signing: SigningKeys;
  private readonly newSalt = salts();
  private state: ChainState | null = null;
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
    this.checkpointer = new Checkpointer(organisationId, keys.origin, ports, {
      keysAt: (size) => this.signing.at(size),
      now: o.settings.now,
      published: (checkpoint) => o.outlets.checkpointPublished(organisationId, checkpoint),
    });
  }

  /** Resolves when every record, and then the cursor, is in the ledger; or the part was dropped, which the next poll makes good. */
  async seal(request: SealRequest): Promise<void> {
    await this.enqueue({ kind: 'seal', request });
  }

  /** Throws Rejected, Unavailable. The same key answers what it sealed the first time (DESIGN §8.10). */
  async append(request: AppendRequest): Promise<AppendReply> {
    const reserved = reservedProblem(request);
    if (reserved !== null) throw new Rejected('EVENT_RESERVED', reserved);
    const { reply } = await this.enqueue({ kind: 'append', request });
    return reply as AppendReply;
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
      this.sealWaiting(from, [{ input: { kind: 'seal', request }, resolve: () => undefined, reject: () => undefined }]);
    const done = this.turns.add((state) => work({ state, seal, sign: () => this.checkpoint() }));
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

  private enqueue(input: SealInput): Promise<SealResult> {
    return new Promise((resolve, reject) => {
      this.queue.push({ input, resolve, reject });
      void this.kick();
    });
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
    while (this.queue.length + this.turns.length > 0 || this.checkpointDue) {
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
    if (this.checkpointDue) await this.checkpoint();
  }

  private async load(): Promise<ChainState> {
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
    if (error instanceof Corrupt) {
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
    for (const { input, resolve, reject } of batch) {
      if (input.kind === 'seal') resolve({ reply: null });
      else reject(new Unavailable('chain', why));
    }
  }

  private async sealWaiting(state: ChainState, waiting: Waiting[]): Promise<void> {
    const known = await lookUp(
      this.ports.index,
      this.organisationId,
      this.identity,
      waiting.map(({ input }) => input),
    );
    const batch = await this.settleReplays(waiting, known);
    if (batch.length === 0) return;
    const startedAt = performance.now();
    const inputs = batch.map(({ input }) => input);
    const sealed = await sealInTurns(state, inputs, {
      sha256,
      identity: this.identity,
      origin: this.keys.origin,
      logCreated: { vkey: this.keys.key(1).vkey },
      now: this.o.settings.now().toISOString(),
      newSalt: this.newSalt,
      anyLoss: this.ports.index.anyLoss(this.organisationId),
      known,
      ...(await fencesOf(this.ports.ledger, inputs)),
    });
    // What did not fit is first in the next batch.
    this.queue.unshift(...batch.splice(sealed.outcomes.length));
    await storeBatch(this.ports.ledger, this.organisationId, sealed);
    this.state = sealed.state;
    await remember(this.ports.index, this.organisationId, sealed.records);
    this.o.outlets.onSealed(sealed.records.length, batch.length, (performance.now() - startedAt) / 1000);
    if (sealed.records.length > 0) this.scheduleCheckpoint(this.o.settings.checkpointDelayMs);
    // Here everything is stored. Dying before the answers go out, the messages come again: a part is dropped by its fence, and of the rest
    // every fact is known.
    await Promise.all(sealed.outcomes.map((outcome, index) => this.settle(batch[index] as Waiting, outcome, sealed)));
  }

  private async settle(one: Waiting, outcome: Outcome, sealed: SealedBatch): Promise<void> {
    switch (outcome.kind) {
      case 'sealed':
      case 'dropped':
        try {
          for (const { observation, reason } of outcome.dead)
            await this.o.outlets.bury(this.organisationId, observation, reason);
          if (outcome.kind === 'dropped') this.o.outlets.onDropped(this.organisationId, outcome.reason);
          one.resolve({ reply: null });
        } catch (error) {
          // As if it had died in here: the message comes again, EVIDENCE_LOST stands, and all copies are made (again).
          one.reject(error);
        }
        return;
      case 'appended': {
        const record = sealed.records[outcome.position - (sealed.records[0]?.position ?? 0)];
        if (record)
          one.resolve({
            reply: {
              id: record.id,
              chainPosition: record.position,
              blockHash: hashText(record.blockHash),
              replayed: false,
            },
          });
        return;
      }
      case 'again':
        this.queue.push(one);
        return;
      case 'refused':
        one.reject(new Rejected('EVENT_INVALID', `The event was not sealed: ${outcome.reason}`));
    }
  }

  /** Keys that the chain knows are answered from the ledger; the rest goes into the batch. */
  private async settleReplays(waiting: Waiting[], known: (identity: string) => number | null): Promise<Waiting[]> {
    const rest: Waiting[] = [];
    for (const one of waiting) {
      const position =
        one.input.kind === 'append' ? known(this.identity.of(factsOf(one.input, false)[0] as string)) : null;
      if (position === null || one.input.kind !== 'append') rest.push(one);
      else
        await replay(this.ports.ledger, this.organisationId, one.input.request, position).then(
          (reply) => one.resolve({ reply }),
          one.reject,
        );
    }
    return rest;
  }

  private scheduleCheckpoint(delayMs: number): void {
    if (this.checkpointTimer || this.closing) return;
    this.checkpointTimer = setTimeout(() => {
      this.checkpointTimer = null;
      this.checkpointDue = true;
      void this.kick();
    }, delayMs);
  }

  private async checkpoint(): Promise<void> {
    this.checkpointDue = false;
    const state = this.state as ChainState;
    await this.checkpointer.sign(state);
    // Dying before the stamp is set, the next load reads on from the one before.
    if (state.tree.size > 0) this.ports.index.setStamp(this.organisationId, state);
  }
}
