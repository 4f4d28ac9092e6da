import {
  type CoveragePayload,
  facts,
  type GapPayload,
  type GapReason,
  type Integration,
  type JsonObject,
  type Observation,
  type Severity,
} from '@audital/contracts';

/** COVERAGE and COVERAGE_GAP as they are sealed. Their facts make a repetition harmless: what was sealed first stands. */
export function coverageObservation(
  integration: Integration,
  payload: CoveragePayload,
  observedAt: string,
): Observation {
  return {
    ...base(integration, payload as unknown as JsonObject, observedAt),
    fact: facts.coverage(integration.integrationId, payload.hour),
    eventType: 'COVERAGE',
    severity: payload.observedMs < payload.expectedMs ? 'MEDIUM' : 'INFO',
    timestamp: payload.to,
  };
}

export function gapObservation(integration: Integration, payload: GapPayload, observedAt: string): Observation {
  return {
    ...base(integration, payload as unknown as JsonObject, observedAt),
    fact: facts.coverageGap(integration.integrationId, payload.lastGoodPollAt, payload.state),
    eventType: 'COVERAGE_GAP',
    severity: gapSeverity(payload),
    timestamp: payload.to ?? payload.from,
  };
}

/** Lost access is a person's business at once. A gap that was looked back over is over; one that was not stays a hole. */
function gapSeverity({
  state,
  reason,
  recovered,
}: {
  state: string;
  reason: GapReason;
  recovered: boolean | null;
}): Severity {
  if (state === 'CLOSED') return recovered ? 'INFO' : 'MEDIUM';
  return reason === 'ACCESS_LOST' ? 'HIGH' : 'MEDIUM';
}

const base = ({ integrationId }: Integration, payload: JsonObject, observedAt: string) => ({
  source: 'AUDITAL' as const,
  observedAt,
  captureMode: 'POLL' as const,
  actor: { type: 'SERVICE' as const, id: 'poller-scheduler' },
  integrationId,
  payload,
  tags: [],
});

export const iso = (ms: number): string => new Date(ms).toISOString();
