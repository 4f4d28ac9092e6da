import {
  type AppendRequest,
  EVENT_TYPE,
  EVENT_TYPES,
  facts,
  isId,
  type JsonObject,
  LIMITS,
  type ModelIdentity,
  type Observation,
  RESERVED_SOURCES,
  SEVERITIES,
  SOURCE,
} from '@audital/contracts';
import { isKeyChange } from '@audital/chain/check';
import { payloadBytes, Uncanonical } from '@audital/chain/write';

/** What is about to be sealed, whoever sent it. */
export interface Draft {
  fact: string;
  eventType: string;
  source: string;
  severity: string;
  timestamp: string;
  observedAt: string;
  captureMode: string;
  actor: { type: string; id: string };
  integrationId: string | null;
  modelId: string | null;
  modelIdentity: ModelIdentity | null;
  payload: JsonObject;
  tags: string[];
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Observations of one poll share most of their times. */
const knownTimes = new Map<string, number>();
const KNOWN_MAX = 256;

/** Milliseconds since 1970 of RFC 3339 in UTC with milliseconds; NaN of everything else. */
export function timeOf(text: unknown): number {
  if (typeof text !== 'string') return NaN;
  const known = knownTimes.get(text);
  if (known !== undefined) return known;
  const time = TIME.test(text) ? Date.parse(text) : NaN;
  if (knownTimes.size >= KNOWN_MAX) knownTimes.clear();
  if (!Number.isNaN(time)) knownTimes.set(text, time);
  return time;
}

const isTime = (text: unknown): boolean => !Number.isNaN(timeOf(text));

/** The canonical bytes of the payload, or a sentence saying what is wrong with the draft. */
export function checkDraft(draft: Draft): Uint8Array | string {
  const problem = draftProblem(draft);
  if (problem !== null) return problem;
  const bytes = payloadBytes(draft.payload);
  return bytes instanceof Uncanonical ? `payload cannot be hashed: ${bytes.message}` : bytes;
}

function draftProblem(draft: Draft): string | null {
  if (!EVENT_TYPE.test(draft.eventType))
    return 'eventType is not upper-case letters, digits and underscores (64 at most).';
  if (!SOURCE.test(draft.source)) return 'source is not upper-case letters, digits and underscores (32 at most).';
  if (!(SEVERITIES as readonly string[]).includes(draft.severity))
    return `severity is not one of ${SEVERITIES.join(', ')}.`;
  if (!isTime(draft.timestamp)) return 'timestamp is not RFC 3339 in UTC with milliseconds.';
  if (!isTime(draft.observedAt)) return 'observedAt is not RFC 3339 in UTC with milliseconds.';
  if (draft.modelId !== null && !isId('mdl', draft.modelId)) return 'modelId is not mdl_ and 26 characters.';
  return tagsProblem(draft.tags) ?? actorProblem(draft.actor);
}

function tagsProblem(tags: unknown): string | null {
  const isText = (tag: unknown): boolean =>
    typeof tag === 'string' && tag.length > 0 && tag.length <= LIMITS.tagCharactersMax && tag.isWellFormed();
  const right = Array.isArray(tags) && tags.length <= LIMITS.tagsMax && tags.every(isText);
  return right
    ? null
    : `tags is not a list of at most ${LIMITS.tagsMax} texts of 1 to ${LIMITS.tagCharactersMax} characters.`;
}

function actorProblem(actor: { type: string; id: string } | null): string | null {
  const isText = (text: unknown): boolean =>
    typeof text === 'string' && text.length > 0 && text.length <= 256 && text.isWellFormed();
  return actor && isText(actor.type) && isText(actor.id) ? null : 'actor has no type and id of 1 to 256 characters.';
}

export function fromObservation(observation: Observation): Draft {
  const { fact, eventType, source, severity, timestamp, observedAt, captureMode, actor, integrationId, payload, tags } =
    observation;
  const modelIdentity = identityIn(payload);
  return {
    fact,
    eventType,
    source,
    severity,
    timestamp,
    observedAt,
    captureMode,
    actor,
    integrationId,
    payload,
    tags,
    modelIdentity,
    modelId: null,
  };
}

function identityIn(payload: JsonObject | null): ModelIdentity | null {
  const identity = payload?.['modelIdentity'];
  if (typeof identity !== 'object' || identity === null || Array.isArray(identity)) return null;
  const { rule, value } = identity;
  return typeof rule === 'string' && typeof value === 'string' ? ({ rule, value } as ModelIdentity) : null;
}

/** `now` stands for a timestamp that the caller left out. */
export function fromApi(request: AppendRequest, now: string): Draft {
  const { eventType, source, severity, actor, modelId, payload, tags } = request;
  const timestamp = request.timestamp ?? now;
  const fact = facts.api(request.idempotencyKey);
  const rest = { captureMode: 'API', integrationId: null, modelIdentity: null, observedAt: now };
  return { fact, eventType, source, severity, timestamp, actor, modelId, payload, tags, ...rest };
}

/** What only Audital can know is not taken from a user, whatever the door let through. */
export function reservedProblem(request: AppendRequest): string | null {
  if ((RESERVED_SOURCES as readonly string[]).includes(request.source))
    return `source ${request.source} is Audital's own.`;
  const reserved = (EVENT_TYPES as Record<string, string>)[request.eventType] === 'AUDITAL_ONLY';
  return reserved ? `eventType ${request.eventType} is recorded by Audital alone.` : null;
}

/**
 * What the operator alone may have sealed is not taken from a service: it would erase payloads, or pass for a rotation of keys. A key is known
 * by its fact, so no other event may have that either.
 */
export function operatorOnlyProblem(observations: readonly (Observation | null)[]): string | null {
  const isTaken = (one: Observation | null): boolean =>
    one?.eventType === 'PAYLOAD_REDACTED' ||
    KEY_FACT.test(String(one?.fact)) ||
    (one !== null && Array.isArray(one.tags) && isKeyChange(one));
  return observations.some(isTaken) ? 'PAYLOAD_REDACTED and changes of keys are not sealed for a service.' : null;
}

const KEY_FACT = /^key \|/;
