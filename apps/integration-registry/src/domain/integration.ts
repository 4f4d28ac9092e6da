import {
  type Actor,
  type CheckChange,
  type DoctorRow,
  type Idempotency,
  type Integration,
  type IntegrationEvent,
  type IntegrationSettings,
  type IntegrationTarget,
  type Json,
  type JsonObject,
  type RefusalCode,
  Rejected,
  type RegisterIntegration,
  type SettingsChange,
  type TestReply,
} from '@audital/contracts';
import { idempotencyOf, repeated } from './idempotency';

/** What the organisation has registered already, and the external ids that were issued to it: two while one is being replaced. */
export interface Registered {
  externalIds: readonly string[];
  integrations: Integration[];
}

export type Registration =
  | { kind: 'exists'; integration: Integration }
  /** By the Idempotency-Key of the request that registered it. */
  | { kind: 'replayed'; integration: Integration }
  | { kind: 'new'; idempotency: Idempotency | null };

/** Throws Rejected for a registration that breaks a rule. An equal live integration is answered, not made again. */
export function decideRegistration(request: RegisterIntegration, registered: Registered): Registration {
  const { target, settings } = request;
  const idempotency = idempotencyOf(request.idempotencyKey ?? null, { target, settings });
  const replayed = repeated(idempotency, registered.integrations);
  if (replayed) return { kind: 'replayed', integration: replayed };
  if (!registered.externalIds.includes(target.externalId)) {
    const message =
      'externalId is not the one that was issued to this organisation; GET /v1/integrations/sagemaker/setup shows it.';
    throw new Rejected('EXTERNAL_ID_MISMATCH', message, [
      { pointer: '/externalId', code: 'EXTERNAL_ID_MISMATCH', message },
    ]);
  }
  if (accountOf(target.roleArn) !== target.awsAccountId) {
    const message = `The role belongs to account ${accountOf(target.roleArn) ?? 'unknown'}, not to ${target.awsAccountId}: correct one of the two.`;
    throw new Rejected('ACCOUNT_MISMATCH', message, [{ pointer: '/roleArn', code: 'ACCOUNT_MISMATCH', message }]);
  }
  const live = registered.integrations.filter((one) => one.status !== 'REMOVED');
  // Which of the organisation's external ids a registration names makes no difference: the role decides which of them opens it.
  const equal = live.find(
    (one) => same({ ...one.target, externalId: target.externalId }, target) && same(one.settings, settings),
  );
  if (equal) return { kind: 'exists', integration: equal };
  refuseOverlap(target, settings, live);
  return { kind: 'new', idempotency };
}

/** Two integrations of one account and region must be kept apart by their prefixes, or by different values of one tag key (DESIGN §5). */
export function refuseOverlap(target: IntegrationTarget, settings: IntegrationSettings, others: Integration[]): void {
  const other = others.find(
    (one) =>
      one.target.awsAccountId === target.awsAccountId &&
      one.target.region === target.region &&
      overlap(settings, one.settings),
  );
  if (!other) return;
  const message = `${other.integrationId} watches the same account and region, and its filters let some of the same resources in: give them prefixes that exclude each other, or different values of one tag.`;
  throw new Rejected('INTEGRATION_OVERLAPS', message, [{ pointer: '/filters', code: 'INTEGRATION_OVERLAPS', message }]);
}

function overlap(a: IntegrationSettings, b: IntegrationSettings): boolean {
  const [one, two] = [a.filters.namePrefix ?? '', b.filters.namePrefix ?? ''];
  if (!one.startsWith(two) && !two.startsWith(one)) return false;
  return !Object.entries(a.filters.tags).some(([key, value]) => key in b.filters.tags && b.filters.tags[key] !== value);
}

const accountOf = (roleArn: string): string | null => /^arn:[\w-]+:iam::(\d{12}):role\//.exec(roleArn)?.[1] ?? null;

/** Field by field, whatever the order of the keys. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

export type Change = 'update' | 'remove' | 'pause' | 'resume';

/** Throws Rejected; an empty list when the change has been made already. */
export function decideChange(
  change: Change,
  state: Integration | null,
  o: { at: string; by: Actor; settings?: IntegrationSettings },
): IntegrationEvent[] {
  const integration = live(change, state);
  if (integration === null) return [];
  const happened = { at: o.at, by: o.by };
  switch (change) {
    case 'update':
      if (!o.settings) throw new Rejected('REQUEST_INVALID', 'An update names the settings.');
      return same(o.settings, integration.settings)
        ? []
        : [
            {
              type: 'IntegrationUpdated',
              data: {
                ...happened,
                settings: o.settings,
                changes: changesBetween(json(integration.settings), json(o.settings)),
              },
            },
          ];
    case 'remove':
      return [{ type: 'IntegrationRemoved', data: happened }];
    case 'pause':
      if (integration.status === 'PAUSED') return [];
      requireStatus(integration, ['ACTIVE', 'PENDING'], 'paused');
      return [{ type: 'IntegrationPaused', data: happened }];
    case 'resume':
      if (integration.status === 'ACTIVE' || integration.status === 'PENDING') return [];
      requireStatus(integration, ['PAUSED'], 'resumed');
      return [{ type: 'IntegrationResumed', data: happened }];
  }
}

const json = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

/** What differs, field by field. Tags are one field: it is their combination that filters. */
export function changesBetween(before: Json, after: Json, pointer = ''): SettingsChange[] {
  if (same(before, after)) return [];
  const isMap = (value: Json): value is JsonObject =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(before) || !isMap(after) || pointer === '/filters/tags') return [{ pointer, before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => changesBetween(before[key] ?? null, after[key] ?? null, `${pointer}/${key}`));
}

/** Null: it was removed before, and is asked to be removed again. */
function live(change: Change, state: Integration | null): Integration | null {
  if (state === null) throw new Rejected('INTEGRATION_NOT_FOUND', 'There is no such integration in this organisation.');
  if (state.status !== 'REMOVED') return state;
  if (change === 'remove') return null;
  throw new Rejected('INTEGRATION_NOT_FOUND', 'This integration was removed; register the account again.');
}

function requireStatus(integration: Integration, allowed: string[], done: string): void {
  if (allowed.includes(integration.status)) return;
  throw new Rejected(
    'INTEGRATION_STATUS',
    `The integration is ${integration.status}, so it cannot be ${done}; it has to be ${allowed.join(' or ')}.`,
  );
}

/**
 * What the doctor's answer makes of an integration: nothing once it has been removed or paused in between. One whose state stays as it is
 * hears of checks that answer otherwise than before, and of nothing else.
 */
export function decideOutcome(state: Integration | null, reply: TestReply, by: Actor): IntegrationEvent[] {
  if (state === null || !['PENDING', 'REFUSED', 'ACTIVE'].includes(state.status)) return [];
  const before = state.test?.rows ?? [];
  const rows = asLastKnown(before, reply.rows);
  const happened = { at: reply.testedAt, by, rows };
  const changes = checkChanges(before, rows);
  const told: IntegrationEvent[] =
    changes.length > 0 ? [{ type: 'IntegrationChecksChanged', data: { ...happened, changes } }] : [];
  if (reply.outcome === 'ACCEPTED')
    return state.status === 'ACTIVE' ? told : [{ type: 'IntegrationActivated', data: happened }];
  const reason: { code: RefusalCode; message: string } = reply.reason ?? {
    code: 'ROLE_NOT_ASSUMABLE',
    message: 'The test was refused without a reason.',
  };
  const isKnown = state.status === 'REFUSED' && state.test?.reason?.code === reason.code;
  return isKnown ? told : [{ type: 'IntegrationRefused', data: { ...happened, reason } }];
}

const isAnswer = (row: DoctorRow | undefined): row is DoctorRow & { status: 'GRANTED' | 'DENIED' } =>
  row?.status === 'GRANTED' || row?.status === 'DENIED';

/** A check that was throttled or left out this time says nothing, so what it last said stands. */
const asLastKnown = (before: DoctorRow[], now: DoctorRow[]): DoctorRow[] =>
  now.map((row) => {
    const known = before.find(({ check }) => check === row.check);
    return !isAnswer(row) && isAnswer(known) ? known : row;
  });

const checkChanges = (before: DoctorRow[], now: DoctorRow[]): CheckChange[] =>
  now.filter(isAnswer).flatMap(({ check, status: after }) => {
    const known = before.find((row) => row.check === check);
    const was = isAnswer(known) ? known.status : null;
    return was === after ? [] : [{ check, before: was, after }];
  });
