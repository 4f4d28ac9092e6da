import type { EventId, IntegrationId, ModelId, OrganisationId } from './ids';
import type { JsonObject } from './json';

/** What Audital itself records, with the one table of who may say it (DESIGN §2). */
export const EVENT_TYPES = {
  LOG_CREATED: 'AUDITAL_ONLY',
  CONFIG_CHANGE: 'AUDITAL_ONLY',
  COVERAGE: 'AUDITAL_ONLY',
  COVERAGE_GAP: 'AUDITAL_ONLY',
  EVIDENCE_LOST: 'AUDITAL_ONLY',
  PAYLOAD_REDACTED: 'AUDITAL_ONLY',
  TRAINING_STARTED: 'ANYONE',
  TRAINING_COMPLETED: 'ANYONE',
  TRAINING_METRICS: 'ANYONE',
  DEPLOYMENT: 'ANYONE',
  DEPLOYMENT_FAILED: 'ANYONE',
  DEPLOYMENT_ENDED: 'ANYONE',
  ALERT: 'ANYONE',
  MODEL_REGISTERED: 'ANYONE',
} as const;
export type KnownEventType = keyof typeof EVENT_TYPES;
/** A known type, or one of the user's own. */
export type EventType = KnownEventType | (string & {});
export const EVENT_TYPE = /^[A-Z][A-Z0-9_]{0,63}$/;

export const RESERVED_SOURCES = ['AWS_SAGEMAKER', 'AUDITAL'] as const;
export type Source = (typeof RESERVED_SOURCES)[number] | (string & {});
export const SOURCE = /^[A-Z][A-Z0-9_]{0,31}$/;

export const SEVERITIES = ['INFO', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof SEVERITIES)[number];

export type CaptureMode = 'POLL' | 'BACKFILL' | 'PUSH' | 'API';

/** Who did it. `id` is a service's name, a key's id, or what the API's caller says. */
export interface Actor {
  type: 'SERVICE' | 'API_KEY' | 'USER' | 'SYSTEM';
  id: string;
}

export type VerificationLevel = 'stored' | 'chained' | 'included' | 'witnessed';
export type VerificationStatus = 'ok' | 'pending' | 'redacted' | 'failed';

/** Computed for each answer, never stored or hashed (DESIGN §4). `level` says how far the record got. */
export interface Verification {
  level: VerificationLevel;
  status: VerificationStatus;
  checkpointSize: number | null;
  checkedAt: string;
  keyId: string | null;
  reason: string | null;
}

/** An event as HTTP and NATS show it. Times are RFC 3339 in UTC with milliseconds, hashes `sha256:` + 64 hex digits. */
export interface AuditEvent {
  id: EventId;
  chainPosition: number;
  blockHash: string;
  previousHash: string;
  timestamp: string;
  eventType: EventType;
  source: Source;
  severity: Severity;
  modelId: ModelId | null;
  organisationId: OrganisationId;
  integrationId: IntegrationId | null;
  actor: Actor;
  /** Null when it was redacted or cannot be read; `verification.status` says which. */
  payload: JsonObject | null;
  tags: string[];
  observedAt: string;
  recordedAt: string;
  captureMode: CaptureMode;
  verified: boolean;
  verification: Verification;
}
