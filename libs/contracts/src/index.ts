export { Conflict, Corrupt, Rejected, Unavailable } from './errors';
export type { Problem } from './errors';
export { API_KEY, base62, makeApiKey, parseApiKey } from './api-keys';
export type { ApiKeyPrefix } from './api-keys';
export { EXTERNAL_ID, base32, identityOf, isId, makeId, ulid, ulidTime } from './ids';
export type { EventId, ExternalId, IdPrefix, IntegrationId, KeyId, ModelId, OrganisationId } from './ids';
export { decodeJson, encodeJson } from './json';
export type { Json, JsonObject } from './json';
export { EVENT_TYPE, EVENT_TYPES, RESERVED_SOURCES, SEVERITIES, SOURCE } from './audit-event';
export type {
  Actor,
  AuditEvent,
  CaptureMode,
  EventType,
  KnownEventType,
  Severity,
  Source,
  Verification,
  VerificationLevel,
  VerificationStatus,
} from './audit-event';
export { MARK_EVERY_MS } from './coverage';
export type { CoverageBasis, CoveragePayload, GapPayload, GapReason, SlicesSum } from './coverage';
export { facts } from './facts';
export { LIMITS, moveBytes } from './sealing';
export type {
  AppendReply,
  AppendRequest,
  CursorChange,
  CursorMoved,
  CursorStep,
  ModelIdentity,
  Observation,
  SealRequest,
  ReadoptReply,
  ReadoptRequest,
} from './sealing';
export { AWS_PERMISSIONS, grants, statementFor, trustPolicyOf } from './aws-access';
export type { AwsPermission, PolicyStatement, PolicyTier, ReportPlace, TrustPolicy } from './aws-access';
export type {
  DoctorRow,
  PollEnded,
  PollKind,
  PollNow,
  PollRequest,
  RefusalCode,
  TestReply,
  TestRequest,
} from './polling';
export { SCOPES, evolveIntegration, evolveOrganisation } from './integration';
export type {
  ApiKey,
  CheckChange,
  Idempotency,
  Integration,
  IntegrationEvent,
  IntegrationSettings,
  IntegrationStatus,
  IntegrationTarget,
  Organisation,
  OrganisationEvent,
  Scope,
  SettingsChange,
} from './integration';
export type {
  ChangeIntegration,
  CreateApiKey,
  CreateApiKeyReply,
  CreateOrganisation,
  CreateOrganisationReply,
  DryRunReply,
  ExternalIds,
  RegisterIntegration,
  RegisterReply,
  RevokeApiKey,
  RotateExternalId,
  ShownApiKey,
} from './registry-requests';
export type { ChangeHold, LegalHold, PayloadPolicy, PolicyEvent, SetRetention, ShowPolicy } from './payload-policy';
export { isPolicyEvent } from './payload-policy';
export type { KeyChangePayload, LiveKey, RotateKeyReply, RotateKeyRequest } from './key-rotation';
export { LEGAL_BASES, RETENTION, RETENTION_BASIS } from './redaction';
export type { LegalBasis, PendingErasure, RedactionPayload, RedactReply, RedactRequest } from './redaction';
export { LEDGER_TYPES, LEDGER_WRITERS, SALT_BYTES, ledgerStreams } from './streams';
export type { RecordMetadata, StoredPayload } from './streams';
export {
  OPERATOR_CHAIN_VERBS,
  OPERATOR_REGISTRY_VERBS,
  STREAMS,
  USER_REGISTRY_VERBS,
  partitionOf,
  subjects,
} from './subjects';
export type { ChainStoppedNotice, ChainVerb, OperatorChainVerb, RegistryVerb, Reply, StreamName } from './subjects';
export type { RunInfo } from './run-info';
export type { AskVerifierStatus, ChainAlert, ChainAlertCode, VerifierReport } from './verifying';
export { StoppedChains } from './stopped-chains';
