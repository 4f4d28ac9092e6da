import type { AuditEvent, Json, JsonObject } from '@audital/contracts';

const text = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** One readable line: when it happened, what, to whom, what came of it, and where it stands in the chain. */
export function eventLine(event: AuditEvent): string {
  const time = event.timestamp.slice(0, 19).replace('T', ' ');
  const place = `#${event.chainPosition} ${event.blockHash.slice(7, 15)}`;
  const proof = event.verified
    ? 'verified'
    : `NOT VERIFIED (${event.verification.status}: ${event.verification.reason ?? 'no reason given'})`;
  return `${time}  ${event.eventType.padEnd(18)} ${event.severity.padEnd(8)} ${summary(event)}  [${place} ${proof}]`;
}

/** What happened to whom, in a few words; no payload is ever needed to print a line. */
export function summary(event: AuditEvent): string {
  const payload = event.payload ?? {};
  const words = SUMMARIES[event.eventType]?.(payload) ?? [];
  return words.filter((word): word is string => word !== null).join(', ') || event.id;
}

const SUMMARIES: Record<string, ((payload: JsonObject) => (string | null)[]) | undefined> = {
  LOG_CREATED: (payload) => [text(payload['origin'])],
  CONFIG_CHANGE: (payload) => [text(payload['change']), text(payload['integrationId']) ?? text(payload['keyId'])],
  TRAINING_COMPLETED: (payload) => [
    text(payload['trainingJobName']),
    text(payload['trainingJobStatus']),
    text(payload['failureReason']),
    metrics(payload['metrics']),
  ],
  MODEL_REGISTERED: (payload) => [text(payload['value']) ?? text(payload['name'])],
  DEPLOYMENT: deployment,
  DEPLOYMENT_FAILED: deployment,
  DEPLOYMENT_ENDED: deployment,
  ALERT: (payload) => [
    text(payload['endpointName']),
    text(payload['violationType']),
    text(payload['feature']),
    typeof payload['driftDistance'] === 'number'
      ? `distance ${payload['driftDistance']} over ${String(payload['threshold'])}`
      : null,
  ],
};

function deployment(payload: JsonObject): (string | null)[] {
  const previous = text(payload['previousModelName']);
  const model = text(payload['modelName']);
  return [text(payload['endpointName']), text(payload['kind']), previous && model ? `${previous} → ${model}` : model];
}

function metrics(value: Json | undefined): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const first = Object.entries(value).slice(0, 2);
  return first.length === 0 ? null : first.map(([name, number]) => `${name} ${String(number)}`).join(', ');
}
