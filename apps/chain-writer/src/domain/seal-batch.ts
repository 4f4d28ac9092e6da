import {
  canonicalBytes,
  type ChainRecord,
  concat,
  hashText,
  payloadHash,
  sealRecord,
  type Sha256,
} from '@audital/chain/write';
import {
  type AppendRequest,
  type CursorMoved,
  type CursorStep,
  facts,
  moveBytes,
  type Observation,
  type RecordMetadata,
  type SealRequest,
} from '@audital/contracts';
import { APPEND_BYTES_MAX, changesBytesOf, METADATA_BYTES, PAYLOAD_BYTES_MAX, recordBytesOf } from './batch-size';
import { type ChainState, copyOf, grow, takePayloadPlace } from './chain-state';
import { checkDraft, type Draft, fromApi, fromObservation, timeOf } from './draft';
import type { Identity } from './identity';
import { evidenceLost, logCreated, modelRegistered } from './own-drafts';

export type SealInput = { kind: 'seal'; request: SealRequest } | { kind: 'append'; request: AppendRequest };

/** Under which facts an input may stand in a chain already; `anyLoss`: the chain holds an EVIDENCE_LOST. */
export function factsOf(input: SealInput, anyLoss: boolean): string[] {
  if (input.kind === 'append') return [facts.api(input.request.idempotencyKey)];
  return input.request.observations.flatMap(({ fact }) => (anyLoss ? [fact, facts.refused(fact)] : [fact]));
}

/** What the edge knows and the decision needs. */
export interface SealContext {
  sha256: Sha256;
  identity: Identity;
  origin: string;
  /** What LOG_CREATED says: the first public key. */
  logCreated: { vkey: string };
  now: string;
  newSalt: () => Uint8Array;
  /** Whether the chain holds an EVIDENCE_LOST; without one, no fact was ever refused. */
  anyLoss: boolean;
  /** Position of the event with this identity in the chain, or null. */
  known: (identity: string) => number | null;
  /** Last revisions of the cursor and integration streams that the inputs name. */
  revisions: ReadonlyMap<string, number>;
  /** Hashes of the last moves of the cursors among them. */
  moves: ReadonlyMap<string, string>;
}

export interface SealedRecord {
  position: number;
  bytes: Uint8Array;
  blockHash: Uint8Array;
  id: string;
  identity: string;
  /** It is an EVIDENCE_LOST. */
  isLoss: boolean;
  payload: { segment: number; revision: number; data: Uint8Array; hash: Uint8Array };
  metadata: RecordMetadata;
}

export interface CursorAppend {
  stream: string;
  expectedRevision: number;
  event: CursorMoved;
}

/** EVIDENCE_LOST stands for it, so a copy of it has to be among the dead letters before its message is acknowledged. */
export interface DeadObservation {
  observation: Observation;
  reason: string;
}

export type Outcome =
  /** All of it is in this batch, or was in the chain before. */
  | { kind: 'sealed'; dead: DeadObservation[] }
  /** The fence did not match (DESIGN §8.2): nothing of it is kept, and the next poll sees the facts again. */
  | { kind: 'dropped'; reason: string; dead: DeadObservation[] }
  | { kind: 'appended'; position: number }
  /** Its key stands earlier in this batch: it has to be asked again afterwards. */
  | { kind: 'again' }
  | { kind: 'refused'; reason: string };

export interface SealedBatch {
  records: SealedRecord[];
  cursors: CursorAppend[];
  /** Of the first inputs; those beyond did not fit, and are the next batch's. */
  outcomes: Outcome[];
  /** Of the records, by their identities. */
  positions: ReadonlyMap<string, number>;
  state: ChainState;
}

/** Asking for the time costs as much as a tenth of a small event. */
const STEP_EVENTS = 16;
const STEP_BYTES = 16 * 1024;

/** Orders, hashes and links what came in together: one batch, one append (DESIGN §3). Pure; the same inputs give the same bytes. */
export function sealBatch(state: ChainState, inputs: SealInput[], context: SealContext): SealedBatch {
  const steps = sealing(state, inputs, context);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same in steps of a few small events or one large one, between which the caller may see to other things. */
export function* sealing(
  state: ChainState,
  inputs: SealInput[],
  context: SealContext,
): Generator<void, SealedBatch, void> {
  const batch = new Batch(state, context);
  const outcomes: Outcome[] = [];
  for (const input of inputs) {
    if (outcomes.length > 0 && !batch.hasRoomFor(input)) break;
    outcomes.push(input.kind === 'seal' ? yield* batch.seal(input.request) : batch.append(input.request));
    if (batch.hasDoneMuch()) yield;
  }
  const { records, cursors, positions, state: grown } = batch;
  return { records, cursors, outcomes, positions, state: grown };
}

class Batch {
  readonly records: SealedRecord[] = [];
  readonly cursors: CursorAppend[] = [];
  /** This batch's own, which grows with it. */
  readonly state: ChainState;
  readonly positions = new Map<string, number>();
  private readonly revisions: Map<string, number>;
  private readonly moves: Map<string, string>;
  private readonly batchStart: number;
  private recordBytes = 0;
  private anyLoss: boolean;
  private payloadBytes = 0;
  private askedInVain = 0;
  private bytesBefore = 0;

  constructor(
    from: ChainState,
    private readonly context: SealContext,
  ) {
    this.state = copyOf(from);
    this.revisions = new Map(context.revisions);
    this.moves = new Map(context.moves);
    this.batchStart = from.tree.size;
    this.anyLoss = context.anyLoss;
  }

  hasRoomFor(input: SealInput): boolean {
    return this.payloadBytes < PAYLOAD_BYTES_MAX && this.recordBytes + recordBytesOf(input) <= APPEND_BYTES_MAX;
  }

  /** Since it was last asked and said so. */
  hasDoneMuch(): boolean {
    this.askedInVain += 1;
    if (this.askedInVain < STEP_EVENTS && this.payloadBytes - this.bytesBefore < STEP_BYTES) return false;
    this.askedInVain = 0;
    this.bytesBefore = this.payloadBytes;
    return true;
  }

  *seal(request: SealRequest): Generator<void, Outcome, void> {
    const reason = request.cursor ? this.fenceProblem(request.cursor, request.integrationId) : null;
    if (reason !== null) return { kind: 'dropped', reason, dead: this.refusedBefore(request.observations) };
    const before = this.records.length;
    const dead: DeadObservation[] = [];
    for (const observation of request.observations) {
      const refusal = this.observe(observation);
      if (refusal !== null) dead.push({ observation, reason: refusal });
      if (refusal !== null || this.hasDoneMuch()) yield;
    }
    if (request.cursor) this.moveCursor(request.cursor, this.records.length > before);
    return { kind: 'sealed', dead };
  }

  append(request: AppendRequest): Outcome {
    const draft = fromApi(request, this.recordedAt());
    const checked = checkDraft(draft);
    if (typeof checked === 'string') return { kind: 'refused', reason: checked };
    if (this.positions.has(this.context.identity.of(draft.fact))) return { kind: 'again' };
    return { kind: 'appended', position: this.add(draft, checked) };
  }

  private fenceProblem(cursor: CursorStep, integrationId: string | null): string | null {
    const actual = this.revisions.get(cursor.stream) ?? -1;
    if (actual !== cursor.expectedRevision)
      return `${cursor.stream} stands at ${actual}, the part starts from ${cursor.expectedRevision}`;
    if (cursor.follows !== undefined && cursor.follows !== this.moves.get(cursor.stream))
      return `${cursor.stream} was moved to ${actual} by another poll than the part’s own`;
    const integration = this.revisions.get(`integration-${integrationId}`) ?? -1;
    if (integration === cursor.integrationRevision) return null;
    return `integration-${integrationId} stands at ${integration}, the part was made with ${cursor.integrationRevision}`;
  }

  /** The reason when EVIDENCE_LOST had to take its place (DESIGN §8.5). */
  private observe(observation: Observation): string | null {
    if (this.find(observation.fact) !== null) return null;
    const [before] = this.refusedBefore([observation]);
    if (before) return before.reason;
    const draft = fromObservation(observation);
    const checked = checkDraft(draft);
    const reason = typeof checked === 'string' ? checked : this.tooLarge(draft);
    if (reason === null) this.add(draft, checked as Uint8Array);
    else this.add(evidenceLost(observation, reason, this.recordedAt()));
    return reason;
  }

  /** They came again, so whoever sealed EVIDENCE_LOST may have died before the copies were made. */
  private refusedBefore(observations: Observation[]): DeadObservation[] {
    if (!this.anyLoss) return [];
    return observations.flatMap((observation) => {
      const at = this.find(facts.refused(observation.fact));
      return at === null ? [] : [{ observation, reason: `EVIDENCE_LOST stands in its place, at position ${at}.` }];
    });
  }

  private find(fact: string): number | null {
    const identity = this.context.identity.of(fact);
    return this.positions.get(identity) ?? this.context.known(identity);
  }

  private tooLarge(draft: Draft): string | null {
    if (draft.tags.length === 0) return null;
    const size = JSON.stringify([draft.actor, draft.tags]).length;
    return size <= 16 * 1024 ? null : `actor and tags have ${size} characters; at most ${16 * 1024} fit into a record.`;
  }

  private moveCursor(cursor: CursorStep, hasRecords: boolean): void {
    const { stream, expectedRevision, changes } = cursor;
    const append: CursorAppend = { stream, expectedRevision, event: { v: 1, changes } };
    this.cursors.push(append);
    this.revisions.set(stream, expectedRevision + 1);
    this.moves.set(stream, hashText(this.context.sha256(moveBytes(changes))));
    // DESIGN §8.3: whoever takes over finds the move beside the record that justifies it.
    const last = this.records.at(-1);
    if (hasRecords && last) {
      last.metadata = { ...last.metadata, cursors: [append] };
      this.recordBytes += changesBytesOf(append);
    }
  }

  /** `payload`: its canonical bytes, when they are known already. */
  private add(draft: Draft, payload?: Uint8Array): number {
    if (this.state.tree.size === 0) this.addRecord(logCreated(this.context, this.recordedAt()));
    const { identity } = this.context;
    const modelId = draft.modelId ?? (draft.modelIdentity ? identity.modelId(draft.modelIdentity) : null);
    if (modelId !== null && this.find(facts.modelRegistered(modelId)) === null)
      this.addRecord(modelRegistered(draft, modelId, identity));
    return this.addRecord(draft, payload, modelId);
  }

  private addRecord(draft: Draft, payload = canonicalBytes(draft.payload), modelId = draft.modelId): number {
    const { sha256, identity, origin, newSalt } = this.context;
    const salt = newSalt();
    const saltedHash = payloadHash(sha256, salt, payload);
    const { segment, revision } = takePayloadPlace(this.state);
    const position = this.state.tree.size;
    const record: ChainRecord = {
      v: 1,
      origin,
      chainPosition: position,
      id: identity.eventId(draft.fact, timeOf(draft.timestamp)),
      eventType: draft.eventType,
      source: draft.source,
      severity: draft.severity,
      modelId,
      integrationId: draft.integrationId,
      timestamp: draft.timestamp,
      observedAt: draft.observedAt,
      recordedAt: this.recordedAt(),
      captureMode: draft.captureMode,
      actor: { type: draft.actor.type, id: draft.actor.id },
      tags: draft.tags,
      payloadHash: hashText(saltedHash),
      prevHash: this.state.head,
    };
    const { bytes, blockHash } = sealRecord(sha256, record);
    const factIdentity = identity.of(draft.fact);
    this.records.push({
      position,
      bytes,
      blockHash,
      id: record.id,
      identity: factIdentity,
      isLoss: draft.eventType === 'EVIDENCE_LOST',
      payload: { segment, revision, data: concat(salt, payload), hash: saltedHash },
      metadata: { segment, revision, batchStart: this.batchStart },
    });
    this.positions.set(factIdentity, position);
    this.anyLoss ||= draft.eventType === 'EVIDENCE_LOST';
    this.recordBytes += bytes.length + METADATA_BYTES;
    this.payloadBytes += payload.length;
    grow(sha256, this.state, record, blockHash);
    return position;
  }

  /** Never goes back, whatever the clock does. */
  private recordedAt(): string {
    return this.context.now > this.state.lastRecordedAt ? this.context.now : this.state.lastRecordedAt;
  }
}
