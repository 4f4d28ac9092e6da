import type { IntegrationId, OrganisationId } from './ids';

/** The ledger's streams, each written by one service (DESIGN §6). */
export const ledgerStreams = {
  organisation: (id: OrganisationId): string => `organisation-${id}`,
  integration: (id: IntegrationId): string => `integration-${id}`,
  chain: (id: OrganisationId): string => `chain-${id}`,
  /** `generation` 1 has no suffix; each redaction of the segment makes the next. */
  payload: (id: OrganisationId, segment: number, generation = 1): string =>
    `payload-${id}-${segment}${generation === 1 ? '' : `.${generation}`}`,
  cursor: (id: IntegrationId, kind?: string): string => `cursor-${id}${kind ? `.${kind}` : ''}`,
  checkpoint: (id: OrganisationId): string => `checkpoint-${id}`,
} as const;

/** Which prefixes a service may write; the ledger refuses the rest. */
export const LEDGER_WRITERS = {
  'integration-registry': ['organisation-', 'integration-'],
  'chain-writer': ['chain-', 'payload-', 'cursor-', 'checkpoint-'],
  gateway: [],
  'poller-scheduler': [],
  'sagemaker-collector': [],
  'chain-verifier': [],
} as const satisfies Record<string, readonly string[]>;

/** Types of the ledger events that are not registry events. */
export const LEDGER_TYPES = {
  record: 'Record',
  payload: 'Payload',
  cursorMoved: 'CursorMoved',
  checkpoint: 'Checkpoint',
} as const;

/** The metadata of a record's ledger event, as JSON. It is not hashed: payloadHash protects what it points to. */
export interface RecordMetadata {
  segment: number;
  /** Revision of the payload in its segment. */
  revision: number;
  /** Position of the first record of the append that this record came with. */
  batchStart: number;
  /** On the last record of a part: the cursor event that it justifies (DESIGN §8.3). */
  cursors?: { stream: string; expectedRevision: number; event: { v: 1; changes: unknown[] } }[];
}

/**
 * The data of a payload's ledger event: 32 bytes of salt, then the payload bytes. An entry without data has been redacted.
 */
export const SALT_BYTES = 32;

/** What lies where a record's metadata says that its payload is. */
export type StoredPayload =
  | { state: 'PRESENT'; salt: Uint8Array; bytes: Uint8Array }
  /** The entry is empty or gone: redacted, or lost. */
  | { state: 'ABSENT' }
  /** `data`: what was found in its place; null when the metadata are damaged, and nobody knows where it lies. */
  | { state: 'UNREADABLE'; why: string; data: Uint8Array | null };
