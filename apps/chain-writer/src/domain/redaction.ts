import { type ChainRecord, isKeyChange } from '@audital/chain/check';
import {
  facts,
  isId,
  type JsonObject,
  LEGAL_BASES,
  type LegalBasis,
  type Observation,
  type RedactionPayload,
  type RedactRequest,
  Rejected,
  RETENTION,
  RETENTION_BASIS,
} from '@audital/contracts';

const DAY_MS = 24 * 60 * 60_000;
export const POSITIONS_MAX = 1000;

/** Why a named position cannot lose its payload, in the order in which they are looked for. */
export interface NamedEvent {
  position: number;
  /** Null: the chain has no such position. */
  record: Pick<ChainRecord, 'eventType' | 'source' | 'tags' | 'recordedAt'> | null;
  /** Its payload is gone already. */
  isGone: boolean;
}

export interface RedactionContext {
  named: NamedEvent[];
  holds: readonly { name: string }[];
  now: string;
}

/** Throws Rejected for a request that is not of the shape, whoever sent it. */
export function checkRedactRequest(request: RedactRequest): void {
  if (!isId('req', request.requestId)) refuse('REQUEST_INVALID', 'requestId is not req_ and 26 characters.');
  const { positions, eventIds } = request;
  const arePositions = Array.isArray(positions) && positions.every((one) => Number.isSafeInteger(one) && one >= 0);
  const areIds = Array.isArray(eventIds) && eventIds.every((one) => isId('evt', one));
  if (!arePositions || !areIds)
    refuse('REQUEST_INVALID', 'positions are whole numbers, eventIds evt_ and 26 characters.');
  const count = positions.length + eventIds.length;
  if (count < 1 || count > POSITIONS_MAX)
    refuse('REQUEST_INVALID', `A request names 1 to ${POSITIONS_MAX} events, not ${count}.`);
  if (!isText(request.who, 128)) refuse('REQUEST_INVALID', 'who is the person who asks, in 1 to 128 characters.');
  if (!isText(request.reason, 2000)) refuse('REQUEST_INVALID', 'reason is a text of 1 to 2000 characters.');
  if (typeof request.legalBasis !== 'string' || !Object.hasOwn(LEGAL_BASES, request.legalBasis))
    refuse('REQUEST_INVALID', `legalBasis is one of ${Object.keys(LEGAL_BASES).join(', ')}.`);
}

/**
 * What the chain will say of a redaction, or Rejected: all of a request or none of it. Nothing under a legal hold goes; nothing younger
 * than the floor, unless its legal basis goes before it; and never what verifiers need.
 */
export function decideRedaction(request: RedactRequest, context: RedactionContext): Observation {
  const { named, holds, now } = context;
  const unknown = named.filter(({ record }) => record === null).map(({ position }) => position);
  if (unknown.length > 0) refuse('POSITION_NOT_FOUND', `The chain has no position ${listed(unknown)}.`);
  const kept = named.filter(({ record }) => record !== null && isProtected(record));
  if (kept.length > 0) {
    const which = kept.map(({ position, record }) => `${position} (${record?.eventType})`);
    refuse(
      'NEVER_REDACTED',
      `Verifiers need LOG_CREATED, PAYLOAD_REDACTED and key changes: position ${listed(which)}.`,
    );
  }
  if (holds.length > 0) {
    const names = holds.map(({ name }) => JSON.stringify(name)).join(', ');
    refuse('LEGAL_HOLD', `The organisation is under legal hold (${names}): lift it first with audital hold lift.`);
  }
  if (!LEGAL_BASES[request.legalBasis].overridesFloor) refuseYoung(request.legalBasis, named, now);
  const rest = named.filter(({ isGone }) => !isGone).map(({ position }) => position);
  if (rest.length === 0) refuse('ALREADY_REDACTED', 'The payloads of all these positions are gone already.');
  const { requestId, reason, legalBasis, who } = request;
  return redactionEvent({ requestId, positions: rest, reason, legalBasis }, { type: 'USER', id: who }, now);
}

function refuseYoung(legalBasis: LegalBasis, named: NamedEvent[], now: string): void {
  const floor = new Date(Date.parse(now) - RETENTION.floorDays * DAY_MS).toISOString();
  const young = named.filter(({ record }) => record !== null && record.recordedAt > floor).map((one) => one.position);
  if (young.length === 0) return;
  const overriding = Object.entries(LEGAL_BASES).flatMap(([name, basis]) => (basis.overridesFloor ? [name] : []));
  refuse(
    'RETENTION_FLOOR',
    `Position ${listed(young)} is younger than ${RETENTION.floorDays} days, for which logs are kept: ${legalBasis} does not go before that, ${overriding.join(' and ')} do.`,
  );
}

/** Retention of one segment: what of it goes; null when nothing does. The floor holds whatever the organisation has set. */
export function decideRetention(o: {
  retentionDays: number;
  holds: readonly { name: string }[];
  /** Entries of one segment, in order. */
  entries: NamedEvent[];
  /** Of the segment's first record: names the run, so that repeating it is harmless. */
  requestId: string;
  now: string;
}): Observation | null {
  if (o.holds.length > 0) return null;
  const end = retentionEnd(o.retentionDays, o.now);
  if (o.entries.some(({ record }) => record === null || record.recordedAt > end)) return null;
  const going = o.entries.filter(({ record, isGone }) => !isGone && record !== null && !isProtected(record));
  if (going.length === 0) return null;
  const positions = going.map(({ position }) => position);
  const reason = `Older than the retention of ${Math.max(o.retentionDays, RETENTION.floorDays)} days.`;
  const payload = { requestId: o.requestId, positions, reason, legalBasis: RETENTION_BASIS } as const;
  return redactionEvent(payload, { type: 'SERVICE', id: 'chain-writer' }, o.now);
}

/** What was recorded before this has outlived the organisation's retention. */
export const retentionEnd = (retentionDays: number, now: string): string =>
  new Date(Date.parse(now) - Math.max(retentionDays, RETENTION.floorDays) * DAY_MS).toISOString();

/** The same rule as the verifiers': docs/verify.md. */
export function isProtected(record: Pick<ChainRecord, 'eventType' | 'source' | 'tags'>): boolean {
  const { eventType, source } = record;
  if (isKeyChange(record)) return true;
  return source === 'AUDITAL' && (eventType === 'LOG_CREATED' || eventType === 'PAYLOAD_REDACTED');
}

function redactionEvent(payload: RedactionPayload, actor: Observation['actor'], now: string): Observation {
  return {
    fact: facts.payloadRedacted(payload.requestId),
    eventType: 'PAYLOAD_REDACTED',
    source: 'AUDITAL',
    severity: 'MEDIUM',
    timestamp: now,
    observedAt: now,
    captureMode: 'API',
    actor,
    integrationId: null,
    payload: payload as unknown as JsonObject,
    tags: [],
  };
}

const isText = (text: unknown, charactersMax: number): boolean =>
  typeof text === 'string' && text.trim() !== '' && text.length <= charactersMax && text.isWellFormed();

const listed = (all: (number | string)[]): string =>
  all.length > 5 ? `${all.slice(0, 5).join(', ')} and ${all.length - 5} more` : all.join(', ');

function refuse(code: string, message: string): never {
  throw new Rejected(code, message);
}
