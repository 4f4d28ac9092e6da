import { fromUtf8, hashText } from '@audital/chain/check';
import type { AuditEvent, JsonObject, OrganisationId } from '@audital/contracts';
import type { VerifiedEvent } from './verify-event';

/** An event whose stored bytes are no record any more: its place is known, nothing else is told of it. */
export type UnreadableEvent = { [Field in keyof AuditEvent]: AuditEvent[Field] | null } & {
  chainPosition: number;
  organisationId: OrganisationId;
  verified: false;
};

export type EventView = AuditEvent | UnreadableEvent;

/** The event as HTTP shows it (DESIGN §2). All of it comes from the bytes that were verified, never from the index. */
export function eventView(organisationId: OrganisationId, chainPosition: number, event: VerifiedEvent): EventView {
  const { record, payload, verified, verification } = event;
  const blockHash = event.blockHash && hashText(event.blockHash);
  if (record === null || blockHash === null)
    return unreadable({ organisationId, chainPosition, blockHash, verified: false, verification });
  return {
    id: record.id as AuditEvent['id'],
    chainPosition,
    blockHash,
    previousHash: record.prevHash,
    timestamp: record.timestamp,
    eventType: record.eventType,
    source: record.source,
    severity: record.severity as AuditEvent['severity'],
    modelId: record.modelId as AuditEvent['modelId'],
    organisationId,
    integrationId: record.integrationId as AuditEvent['integrationId'],
    actor: record.actor as AuditEvent['actor'],
    payload: payload && (JSON.parse(fromUtf8(payload.bytes)) as JsonObject),
    tags: record.tags,
    observedAt: record.observedAt,
    recordedAt: record.recordedAt,
    captureMode: record.captureMode as AuditEvent['captureMode'],
    verified,
    verification,
  };
}

function unreadable(
  known: Pick<UnreadableEvent, 'organisationId' | 'chainPosition' | 'blockHash' | 'verified' | 'verification'>,
): UnreadableEvent {
  return {
    id: null,
    previousHash: null,
    timestamp: null,
    eventType: null,
    source: null,
    severity: null,
    modelId: null,
    integrationId: null,
    actor: null,
    payload: null,
    tags: null,
    observedAt: null,
    recordedAt: null,
    captureMode: null,
    ...known,
  };
}
