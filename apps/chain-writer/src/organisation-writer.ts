import { randomBytes } from 'node:crypto';
import { equalBytes, hashText, leafHash, openCheckpoint, parseVkey } from '@audital/chain/check';
import { canonicalBytes, checkpointText, signNote, treeRoot } from '@audital/chain/write';
import {
  type AppendReply,
  type AppendRequest,
  Conflict,
  Corrupt,
  encodeJson,
  facts,
  ledgerStreams,
  LEDGER_TYPES,
  type Observation,
  type OrganisationId,
  Rejected,
  type SealRequest,
  Unavailable,
} from '@audital/contracts';
import { binaryEvent, eventIdOf, jsonEvent, type NewEvent, NO_STREAM, type StoredEvent } from '@audital/ledger';
import type { KeptCheckpoint } from './adapters/checkpoint-store';
import { type OrganisationKeys, sha256, verifyEd25519 } from './adapters/keys';
import type { ChainState } from './domain/chain-state';
import { reservedProblem } from './domain/draft';
import { Identity } from './domain/identity';
import { type Outcome, sealBatch, type SealedBatch, type SealInput } from './domain/seal-batch';
import { ChainStopped, loadChain, type WriterPorts } from './load-chain';
import { readEvent } from './stored-event';

/** What the writer tells the world; both may fail without holding up the chain. */
export interface WriterOutlets {
  /** Stored in dead.> before the message is acknowledged. */
  bury: (organisationId: OrganisationId, observation: Observation, reason: string) => Promise<void>;
  checkpointPublished: (organisationId: OrganisationId, checkpoint: KeptCheckpoint) => void;
  onSealed: (records: number, batchSize: number, seconds: number) => void;
  onDropped: (organisationId: OrganisationId, reason: string) => void;
  onStopped: (organisationId: OrganisationId, error: Error) => void;
}

export interface WriterSettings {
  checkpointDelayMs: number;
  now: () => Date;
}

type SealResult = { reply: AppendReply | null };
interface Waiting {
  input: SealInput;
  bytes: number;
  resolve: (result: SealResult) => void;
  reject: (error: unknown) => void;
}

const BATCH_REQUESTS_MAX = 256;
/** Records are smaller than the requests they come from, plus about 1 KiB each: this keeps an append below 900 KiB. */
const BATCH_BYTES_MAX = 448 * 1024;
const PAYLOAD_APPEND_BYTES_MAX = 800 * 1024;
const REPUBLISH_MS = 10 * 60_000;
const RETRIES = 3;

/**
 * One organisation's chain, written by one loop: what came in since the last batch is the next one. Between any two writes the process
 * may die; the comments say what is true then, and `loadChain` is the way back from each.
 */
export class OrganisationWriter {
  private readonly queue: Waiting[] = [];
  private readonly identity: Identity;
  private state: ChainState | null = null;
  private kept: KeptCheckpoint | null = null;
  private stopped: Error | null = null;
  private running: Promise<void> | null = null;
  private checkpointTimer: NodeJS.Timeout | null = null;
  private republishTimer: NodeJS.Timeout | null = null;
  private checkpointDue = false;
  private closing = false;

  constructor(
    readonly organisationId: OrganisationId,
    private readonly keys: OrganisationKeys,
    private readonly ports: WriterPorts,
    private readonly o: { outlets: WriterOutlets; settings: WriterSettings },
  ) {
    this.identity = new Identity(keys.idSecret);
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

  /** Loads the chain, publishes the note that its stream lacks, signs what no checkpoint covers yet. */
  async open(): Promise<void> {
    this.checkpointDue = true;
    await this.kick();
  }

  get newestCheckpoint(): KeptCheckpoint | null {
    return this.kept;
  }

  get stopReason(): Error | null {
    return this.stopped;
  }

  /** Finishes the batch in hand and signs what it sealed. */
  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.republishTimer ?? undefined);
    if (this.checkpointTimer) {
      clearTimeout(this.checkpointTimer);
      this.checkpointDue = true;
    }
    await this.kick();
  }

  private enqueue(input: SealInput): Promise<SealResult> {
    const bytes = JSON.stringify(input.request).length;
    return new Promise((resolve, reject) => {
      this.queue.push({ input, bytes, resolve, reject });
      void this.kick();
    });
  }

  private kick(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = null;
      if (this.queue.length > 0) void this.kick();
    });
    return this.running;
  }

  private async run(): Promise<void> {
    // What arrives in the same turn of the event loop shares the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0 || this.checkpointDue) {
      const batch = this.takeBatch();
      try {
        await this.step(batch);
      } catch (error) {
        this.fail(batch, error);
      }
    }
  }

  private takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: size } of this.queue) {
      if (count > 0 && (count >= BATCH_REQUESTS_MAX || bytes + size > BATCH_BYTES_MAX)) break;
      bytes += size;
      count += 1;
    }
    return this.queue.splice(0, count);
  }

  private async step(batch: Waiting[]): Promise<void> {
    if (this.stopped) return this.refuse(batch);
    const state = this.state ?? (await this.load());
    if (batch.length > 0) await this.sealWaiting(state, batch);
    if (this.checkpointDue) await this.checkpoint();
  }

  private async load(): Promise<ChainState> {
    const { state, kept } = await loadChain(this.ports, this.organisationId, this.keys);
    this.kept = kept;
    this.state = state;
    await this.publishMissingNote();
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
    for (const { reject } of batch) reject(passing);
    if (batch.length === 0 && !this.closing) this.scheduleCheckpoint(1_000);
  }

  /** DESIGN §8.8: polls are acknowledged and dropped (their cursors have not moved), users are told to come back. */
  private refuse(batch: Waiting[]): void {
    this.checkpointDue = false;
    const reason = this.stopped instanceof ChainStopped ? this.stopped.reason : 'CORRUPT';
    for (const { input, resolve, reject } of batch) {
      if (input.kind === 'seal') resolve({ reply: null });
      else
        reject(
          new Unavailable(
            'chain',
            `The chain of this organisation is stopped (${reason}): its operator has been alarmed.`,
          ),
        );
    }
  }

  private async sealWaiting(state: ChainState, waiting: Waiting[]): Promise<void> {
    const batch = await this.settleReplays(waiting);
    if (batch.length === 0) return;
    const startedAt = performance.now();
    const inputs = batch.map(({ input }) => input);
    const sealed = sealBatch(state, inputs, {
      sha256,
      identity: this.identity,
      origin: this.keys.origin,
      logCreated: { vkey: this.keys.vkey },
      now: this.o.settings.now().toISOString(),
      newSalt: () => randomBytes(32),
      known: (identity) => this.ports.index.find(this.organisationId, identity),
      revisions: await this.revisions(inputs),
    });
    await this.store(sealed);
    this.state = sealed.state;
    this.ports.index.add(this.organisationId, sealed.records);
    this.o.outlets.onSealed(sealed.records.length, batch.length, (performance.now() - startedAt) / 1000);
    if (sealed.records.length > 0) this.scheduleCheckpoint(this.o.settings.checkpointDelayMs);
    // Here everything is stored. Dying before the answers go out, the messages come again, and every fact is known.
    await Promise.all(sealed.outcomes.map((outcome, index) => this.settle(batch[index] as Waiting, outcome, sealed)));
  }

  private async store(sealed: SealedBatch): Promise<void> {
    const { organisationId } = this;
    for (const { stream, expectedRevision, events } of payloadAppends(organisationId, sealed))
      await this.append1(stream, expectedRevision, events);
    // Dying here leaves payloads without records: orphans that nobody reads, and whose places are counted as used.
    const first = sealed.records[0];
    if (first) {
      const events = sealed.records.map((record): NewEvent => {
        const metadata = encodeJson(record.metadata);
        return { id: eventIdOf(record.blockHash), type: LEDGER_TYPES.record, data: record.bytes, metadata };
      });
      await this.append1(ledgerStreams.chain(organisationId), first.position - 1, events);
    }
    // Dying here leaves the chain ahead of its cursors: the next load completes them from the records' metadata (DESIGN §8.3).
    for (const cursor of sealed.cursors)
      await this.append1(cursor.stream, cursor.expectedRevision, [jsonEvent(LEDGER_TYPES.cursorMoved, cursor.event)]);
  }

  /** An append of unknown outcome is sent again with the identical bytes: stored or not, it then stands once (DESIGN §8.1). */
  private async append1(stream: string, expectedRevision: number, events: NewEvent[]): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        await this.ports.ledger.append(stream, expectedRevision, events);
        return;
      } catch (error) {
        if (!(error instanceof Unavailable) || tried === RETRIES) throw error;
      }
    }
  }

  private async revisions(inputs: SealInput[]): Promise<Map<string, number>> {
    const streams = inputs.flatMap((input) => {
      if (input.kind !== 'seal' || !input.request.cursor) return [];
      return [input.request.cursor.stream, `integration-${input.request.integrationId}`];
    });
    const found = [...new Set(streams)].map(
      async (stream) => [stream, await this.ports.ledger.lastRevision(stream)] as const,
    );
    return new Map(await Promise.all(found));
  }

  private async settle(one: Waiting, outcome: Outcome, sealed: SealedBatch): Promise<void> {
    switch (outcome.kind) {
      case 'sealed':
        try {
          for (const { observation, reason } of outcome.dead)
            await this.o.outlets.bury(this.organisationId, observation, reason);
          one.resolve({ reply: null });
        } catch (error) {
          // The message comes again; EVIDENCE_LOST stands already, and the copy is tried again with it.
          one.reject(error);
        }
        return;
      case 'dropped':
        this.o.outlets.onDropped(this.organisationId, outcome.reason);
        one.resolve({ reply: null });
        return;
      case 'appended': {
        const record = sealed.records.find(({ position }) => position === outcome.position);
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
  private async settleReplays(waiting: Waiting[]): Promise<Waiting[]> {
    const rest: Waiting[] = [];
    for (const one of waiting) {
      const position = one.input.kind === 'append' ? this.positionOf(one.input.request) : null;
      if (position === null || one.input.kind !== 'append') rest.push(one);
      else await this.replay(one.input.request, position).then((reply) => one.resolve({ reply }), one.reject);
    }
    return rest;
  }

  private positionOf(request: AppendRequest): number | null {
    return this.ports.index.find(this.organisationId, this.identity.of(facts.api(request.idempotencyKey)));
  }

  private async replay(request: AppendRequest, position: number): Promise<AppendReply> {
    const [stored] = await this.ports.ledger.read(ledgerStreams.chain(this.organisationId), {
      from: position,
      limit: 1,
    });
    const { record, payload } = await readEvent(this.ports.ledger, this.organisationId, stored as StoredEvent);
    const { eventType, source, severity, tags, modelId, timestamp } = record;
    const before = [eventType, source, severity, tags, modelId, request.timestamp === null ? null : timestamp, payload];
    const now = [
      request.eventType,
      request.source,
      request.severity,
      request.tags,
      request.modelId,
      request.timestamp,
      request.payload,
    ];
    if (!equalBytes(canonicalBytes(before), canonicalBytes(now))) {
      throw new Rejected(
        'IDEMPOTENCY_KEY_REUSED',
        `This Idempotency-Key has sealed another event at position ${position}: use a new key for new content.`,
      );
    }
    return {
      id: record.id,
      chainPosition: position,
      blockHash: hashText(leafHash(sha256, (stored as StoredEvent).data)),
      replayed: true,
    };
  }

  private scheduleCheckpoint(delayMs: number): void {
    if (this.checkpointTimer || this.closing) return;
    this.checkpointTimer = setTimeout(() => {
      this.checkpointTimer = null;
      this.checkpointDue = true;
      void this.kick();
    }, delayMs);
  }

  /** DESIGN §8.6. Signed is only what the ledger has acknowledged: `state` follows the appends. */
  private async checkpoint(): Promise<void> {
    this.checkpointDue = false;
    const { tree } = this.state as ChainState;
    if (tree.size === 0) return;
    const root = treeRoot(sha256, tree);
    if (this.kept?.size !== tree.size) {
      const text = checkpointText({ origin: this.keys.origin, size: tree.size, root });
      const next = { size: tree.size, root, note: signNote(sha256, text, [this.keys.signer]) };
      // Dying before the swap, nobody has seen the note; dying after it, the store holds it whole, and the next load publishes it.
      if (!(await this.ports.checkpoints.swap(this.keys.origin, this.kept, next))) {
        throw new Conflict(`checkpoint of ${this.keys.origin}`, this.kept?.size ?? 0, tree.size);
      }
      this.kept = next;
    }
    await this.publishMissingNote();
    this.ports.index.setStamp(this.organisationId, this.state as ChainState);
    if (!this.closing) this.republishLater();
  }

  /** The stream lacks the newest note after a crash between swap and append; the same append mends that and is the normal way too. */
  private async publishMissingNote(): Promise<void> {
    if (!this.kept) return;
    openCheckpoint(this.kept.note, [parseVkey(sha256, this.keys.vkey)], verifyEd25519);
    const stream = ledgerStreams.checkpoint(this.organisationId);
    const note = new TextEncoder().encode(this.kept.note);
    const [last] = await this.ports.ledger.read(stream, { direction: 'backwards', limit: 1 });
    if (!last || !equalBytes(last.data, note))
      await this.append1(stream, last?.revision ?? NO_STREAM, [binaryEvent(LEDGER_TYPES.checkpoint, note)]);
    this.o.outlets.checkpointPublished(this.organisationId, this.kept);
  }

  private republishLater(): void {
    clearTimeout(this.republishTimer ?? undefined);
    this.republishTimer = setTimeout(() => {
      if (this.kept) this.o.outlets.checkpointPublished(this.organisationId, this.kept);
      this.republishLater();
    }, REPUBLISH_MS).unref();
  }
}

/** Payloads by segment, cut so that each append fits. */
function payloadAppends(
  organisationId: OrganisationId,
  sealed: SealedBatch,
): { stream: string; expectedRevision: number; events: NewEvent[] }[] {
  const appends: { stream: string; expectedRevision: number; events: NewEvent[]; bytes: number }[] = [];
  for (const { payload } of sealed.records) {
    const stream = ledgerStreams.payload(organisationId, payload.segment);
    const open = appends.at(-1);
    const event = binaryEvent(LEDGER_TYPES.payload, payload.data);
    if (open?.stream === stream && open.bytes + payload.data.length <= PAYLOAD_APPEND_BYTES_MAX) {
      open.events.push(event);
      open.bytes += payload.data.length;
    } else {
      appends.push({ stream, expectedRevision: payload.revision - 1, events: [event], bytes: payload.data.length });
    }
  }
  return appends;
}
