import { facts } from '@audital/contracts';
import type { Draft } from './draft';
import type { Identity } from './identity';

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
