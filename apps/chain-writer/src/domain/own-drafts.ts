import { facts, type Observation } from '@audital/contracts';
import type { Draft } from './draft';
import type { Identity } from './identity';

/** What is the chain-writer's own to say. */
const OWN = { source: 'AUDITAL', actor: { type: 'SERVICE', id: 'chain-writer' }, modelId: null, modelIdentity: null };

/** Position 0 (DESIGN §3): the first public key, and what everything behind it is made by. */
export function logCreated(of: { origin: string; logCreated: { vkey: string } }, now: string): Draft {
  const rules = { recordVersion: 1, hash: 'SHA-256', tree: 'RFC 6962', canonicalisation: 'RFC 8785' };
  return {
    ...OWN,
    fact: facts.logCreated(),
    eventType: 'LOG_CREATED',
    severity: 'INFO',
    timestamp: now,
    observedAt: now,
    captureMode: 'API',
    integrationId: null,
    payload: { origin: of.origin, vkey: of.logCreated.vkey, ...rules },
    tags: [],
  };
}

/** In the place of an observation that cannot be sealed (DESIGN §8.5). */
export function evidenceLost(observation: Observation, reason: string, now: string): Draft {
  return {
    ...OWN,
    fact: facts.refused(observation.fact),
    eventType: 'EVIDENCE_LOST',
    severity: 'HIGH',
    timestamp: now,
    observedAt: now,
    captureMode: 'POLL',
    integrationId: observation.integrationId,
    payload: {
      reason: 'REFUSED',
      detail: reason.slice(0, 2000).toWellFormed(),
      refusedEventType: String(observation.eventType).slice(0, 64).toWellFormed(),
    },
    tags: [],
  };
}

/** What stands before the first event that names a model. */
export function modelRegistered(draft: Draft, modelId: string, identity: Identity): Draft {
  const firstSeenIn = { eventType: draft.eventType, id: identity.eventId(draft.fact, Date.parse(draft.timestamp)) };
  const named = draft.modelIdentity ?? { rule: 'API', value: null };
  return {
    ...draft,
    fact: facts.modelRegistered(modelId),
    eventType: 'MODEL_REGISTERED',
    source: 'AUDITAL',
    severity: 'INFO',
    actor: { type: 'SERVICE', id: 'chain-writer' },
    modelId,
    payload: { modelId, rule: named.rule, value: named.value, firstSeenIn },
    tags: [],
  };
}
