import type {
  DoctorRow,
  DryRunReply,
  Integration,
  IntegrationSettings,
  IntegrationStatus,
  IntegrationTarget,
  PollEnded,
} from '@audital/contracts';

/** An integration as HTTP shows it: the public field names of the request, and how it is doing. */
export interface IntegrationView extends IntegrationTarget, IntegrationSettings {
  id: string;
  status: IntegrationStatus;
  createdAt: string;
  activeSince: string | null;
  /** The outcome of the last connection test. */
  test: { at: string; rows: DoctorRow[]; reason: { code: string; message: string } | null } | null;
  /** By our clock; null until the first poll that is remembered. */
  lastPolledAt: string | null;
  lastOutcome: PollEnded['outcome'] | null;
  /** One sentence when the last poll was not OK. */
  lastReason: string | null;
  /** How far the newest observed window lies behind now. */
  lagSeconds: number | null;
}

/** What a registration would come to; nothing was written. */
export interface DryRunView {
  dryRun: true;
  existing: string | null;
  test: NonNullable<IntegrationView['test']> & { outcome: 'ACCEPTED' | 'REFUSED' };
}

export function dryRunView({ existing, test }: DryRunReply): DryRunView {
  const { outcome, testedAt, rows, reason } = test;
  return { dryRun: true, existing, test: { outcome, at: testedAt, rows, reason } };
}

export const HOUR_MS = 60 * 60_000;
/** So many hours are counted: POLLS remembers three, and an hour is sealed soon after it ended. */
const HOURS_KEPT = 5;

/** What the polls of one hour, by AWS's clock, add up to. */
export interface HourOfPolls {
  hour: string;
  polls: Record<string, number>;
  events: number;
  errors: number;
  calls: Record<string, number>;
  throttles: number;
}

export interface Polls {
  last: PollEnded;
  /** The end of the oldest and of the newest window that was observed and is remembered, by AWS's clock. */
  observedFrom: string | null;
  observedTo: string | null;
  /** Oldest first. */
  hours: HourOfPolls[];
}

export function integrationView(integration: Integration, polls: Polls | null, now: Date): IntegrationView {
  const { integrationId, target, settings, status, test, registeredAt, activeSince } = integration;
  const observedTo = polls?.observedTo ?? null;
  return {
    id: integrationId,
    status,
    ...target,
    ...settings,
    createdAt: registeredAt,
    activeSince,
    test,
    lastPolledAt: polls?.last.endedAtLocal ?? null,
    lastOutcome: polls?.last.outcome ?? null,
    lastReason: polls?.last.reason ?? null,
    lagSeconds: observedTo === null ? null : Math.max(0, Math.round((now.getTime() - Date.parse(observedTo)) / 1000)),
  };
}

/** What a further poll changes. Windows may end in another order than they began. Backfill and reconciliation only cost calls. */
export function withPoll(before: Polls | null, poll: PollEnded): Polls | null {
  const live = (poll.kind ?? 'LIVE') === 'LIVE';
  if (!live) return before && { ...before, hours: withHour(before.hours, poll, live) };
  const observed = [before?.observedFrom, before?.observedTo, poll.outcome === 'OK' ? poll.windowTo : null]
    .filter((end) => end !== null && end !== undefined)
    .sort();
  const isNewer = before === null || poll.endedAtLocal >= before.last.endedAtLocal;
  return {
    last: isNewer ? poll : before.last,
    observedFrom: observed[0] ?? null,
    observedTo: observed.at(-1) ?? null,
    hours: withHour(before?.hours ?? [], poll, live),
  };
}

function withHour(hours: HourOfPolls[], poll: PollEnded, live: boolean): HourOfPolls[] {
  const hour = new Date(Math.floor(Date.parse(poll.endedAt) / HOUR_MS) * HOUR_MS).toISOString();
  const empty = { hour, polls: {}, events: 0, errors: 0, calls: {}, throttles: 0 };
  const known: HourOfPolls = hours.find((one) => one.hour === hour) ?? empty;
  const calls = { ...known.calls };
  for (const [name, count] of Object.entries(poll.calls)) calls[name] = (calls[name] ?? 0) + count;
  const sum: HourOfPolls = { ...known, calls, throttles: known.throttles + poll.throttles };
  if (live) {
    sum.polls = { ...known.polls, [poll.outcome]: (known.polls[poll.outcome] ?? 0) + 1 };
    sum.events += poll.observations;
    sum.errors += poll.outcome === 'OK' ? 0 : 1;
  }
  return [...hours.filter((one) => one.hour !== hour), sum]
    .sort((a, b) => (a.hour < b.hour ? -1 : 1))
    .slice(-HOURS_KEPT);
}
