import type { Actor, CaptureMode, EventType, Severity, Source } from './audit-event';
import type { IntegrationId, OrganisationId } from './ids';
import { encodeJson, type JsonObject } from './json';

/** Which of the model rules applied, and to what (DESIGN §2). It travels in `payload.modelIdentity`; the chain-writer makes the modelId. */
export interface ModelIdentity {
  rule: 'TAG' | 'TRAINING_JOB_NAME' | 'MODEL_NAME';
  value: string;
}

/**
 * What a collector or the registry saw. The chain-writer gives it its id, its modelId (from `payload.modelIdentity`), its position and
 * its hashes. Times are RFC 3339 in UTC with milliseconds.
 */
export interface Observation {
  /** From the closed table `facts`. */
  fact: string;
  eventType: EventType;
  source: Source;
  severity: Severity;
  /** When it happened at the source. */
  timestamp: string;
  /** When it was seen, by the source's clock. */
  observedAt: string;
  captureMode: CaptureMode;
  actor: Actor;
  integrationId: IntegrationId | null;
  payload: JsonObject;
  tags: string[];
}

/** One change to the collector's working memory. The chain-writer stores changes; only the collector knows what they mean. */
export type CursorChange = JsonObject & { kind: string };

/** The ledger event of a cursor stream. */
export interface CursorMoved {
  v: 1;
  changes: CursorChange[];
}

/** The bytes of the ledger event that a part's changes become. */
export const moveBytes = (changes: CursorChange[]): Uint8Array => encodeJson({ v: 1, changes } satisfies CursorMoved);

/**
 * Where a part starts and what it changes. If the cursor stream or the integration stream does not end at the named revision, the
 * chain-writer drops the whole part (DESIGN §8.2). Each part appends exactly one event, so part n+1 starts at `expectedRevision` + 1. What
 * stands there may be another collector's move, which knows less: so part n+1 names what it follows, too.
 */
export interface CursorStep {
  /** `cursor-<intId>` or `cursor-<intId>.<kind>`. */
  stream: string;
  /** Revision of the last event of the cursor stream, -1 when there is none. */
  expectedRevision: number;
  /** `sha256:` + 64 hex digits of the `moveBytes` of the part before; absent in the first of a poll, which follows what was read. */
  follows?: string;
  /** Revision of the last event of `integration-<intId>` that the collector worked with. */
  integrationRevision: number;
  changes: CursorChange[];
}

/** The message on `work.seal.<partition>.<orgId>`; at most 512 KiB as JSON. */
export interface SealRequest {
  v: 1;
  organisationId: OrganisationId;
  integrationId: IntegrationId | null;
  observations: Observation[];
  cursor: CursorStep | null;
}

/** `ask.chain.<partition>.append`: a user's event. The door has checked it already; the chain-writer checks it again. */
export interface AppendRequest {
  v: 1;
  organisationId: OrganisationId;
  /** The caller's, or one that the gateway made. */
  idempotencyKey: string;
  eventType: EventType;
  source: Source;
  severity: Severity;
  /** RFC 3339; null: the time of sealing. */
  timestamp: string | null;
  actor: Actor;
  modelId: string | null;
  payload: JsonObject;
  tags: string[];
}

/** The answer: where the event stands. `replayed`: the same key had sealed the same content before (DESIGN §8.10). */
export interface AppendReply {
  id: string;
  chainPosition: number;
  blockHash: string;
  replayed: boolean;
}

/** `ask.chain.<partition>.readopt`: ends LOST_MEMORY, after the chain and every checkpoint in the ledger have been verified. */
export interface ReadoptRequest {
  v: 1;
  organisationId: OrganisationId;
  /** Repeating it changes nothing. */
  requestId: string;
  /** Who decided it, and why: both are sealed. */
  by: string;
  reason: string;
  /** A checkpoint that was kept elsewhere, as its note: the chain must reach and contain it. */
  knownCheckpoint: string | null;
}

/** The checkpoint that the store holds from now on, and where it was sealed that it does. `keyId` is 8 hex digits. */
export interface ReadoptReply {
  size: number;
  /** `sha256:` + 64 hex digits. */
  root: string;
  keyId: string;
  chainPosition: number;
}

export const LIMITS = {
  payloadBytesMax: 256 * 1024,
  recordBytesMax: 32 * 1024,
  partBytesMax: 512 * 1024,
  appendBytesMax: 900 * 1024,
  payloadDepthMax: 32,
  segmentEntriesMax: 1000,
  tagsMax: 32,
  tagCharactersMax: 128,
} as const;
