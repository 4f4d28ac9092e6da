import type { CoveragePayload, GapPayload, IntegrationStatus, PollEnded } from '@audital/contracts';
import { type HourOfPolls, HOUR_MS, type Polls } from './integration-view';

/** A sealed COVERAGE or COVERAGE_GAP event as it was read and verified for this answer. */
export interface Sealed<Payload> {
  id: string;
  verified: boolean;
  payload: Payload;
}

export interface ReportedGap {
  from: string;
  /** Null while it is open. */
  to: string | null;
  state: 'OPEN' | 'CLOSED';
  reason: GapPayload['reason'];
  detail: string | null;
  recovered: boolean | null;
  endedBy: string | null;
  basis: GapPayload['basis'];
  eventIds: string[];
  verified: boolean;
}

/** What GET …/:id/coverage shows. Times are AWS's; shares are from 0 to 1, to six digits. */
export interface CoverageReport {
  integrationId: string;
  status: IntegrationStatus;
  from: string;
  to: string;
  /** Null when nothing was expected in the range. */
  shareObserved: number | null;
  expectedMs: number;
  observedMs: number;
  gaps: ReportedGap[];
  lastSuccessAt: string | null;
  lastOutcome: PollEnded['outcome'] | null;
  lastReason: string | null;
  lagSeconds: number | null;
  polls: Record<string, number>;
  events: number;
  errors: number;
  calls: Record<string, number>;
  throttles: number;
  reconciliation: { polls: number; found: number; to: string | null } | null;
  /** From here on nothing is sealed yet, and the numbers are those of the polls that the broker still remembers. */
  sealedTo: string | null;
  evidence: { events: number; notVerified: string[] };
}

interface Range {
  fromMs: number;
  toMs: number;
}

export interface CoverageEvidence {
  integration: { integrationId: string; status: IntegrationStatus };
  hours: Sealed<CoveragePayload>[];
  gaps: Sealed<GapPayload>[];
  polls: Polls | null;
  nowMs: number;
}

export function coverageReport(range: Range, evidence: CoverageEvidence): CoverageReport {
  const { integration, hours, polls, nowMs } = evidence;
  const gaps = reportedGaps(evidence.gaps).filter((gap) => overlapMs(range, gap, nowMs) > 0);
  const sealedTo =
    hours
      .map(({ payload }) => payload.hour)
      .sort()
      .at(-1) ?? null;
  const unsealed = unsealedOf(polls, sealedTo);
  const sealedMs = { expected: 0, observed: 0 };
  for (const { payload } of hours) {
    const observed = sum(payload.windows.map((window) => overlapMs(range, window, nowMs)));
    sealedMs.observed += observed;
    sealedMs.expected += observed + sum(payload.gaps.map((gap) => overlapMs(range, gap, nowMs)));
  }
  const live = liveMs(range, { gaps, polls, sealedTo, nowMs });
  const expectedMs = sealedMs.expected + live.expected;
  const observedMs = sealedMs.observed + live.observed;
  return {
    ...integration,
    from: iso(range.fromMs),
    to: iso(range.toMs),
    shareObserved: expectedMs === 0 ? null : Math.round((observedMs / expectedMs) * 1e6) / 1e6,
    expectedMs,
    observedMs,
    gaps,
    lastSuccessAt: polls?.observedTo ?? null,
    lastOutcome: polls?.last.outcome ?? null,
    lastReason: polls?.last.reason ?? null,
    lagSeconds: polls?.observedTo ? Math.max(0, Math.round((nowMs - Date.parse(polls.observedTo)) / 1000)) : null,
    ...counted(
      hours.filter(({ payload }) => isIn(range, payload.hour)).map(({ payload }) => payload),
      unsealed.filter(({ hour }) => isIn(range, hour)),
    ),
    reconciliation: reconciled(hours),
    sealedTo: sealedTo === null ? null : iso(Date.parse(sealedTo) + HOUR_MS),
    evidence: {
      events: hours.length + evidence.gaps.length,
      notVerified: [...hours, ...evidence.gaps].filter(({ verified }) => !verified).map(({ id }) => id),
    },
  };
}

/** OPEN and CLOSED of one fact are one gap. An OPEN that lies in a gap which was closed under another mark is that gap. */
function reportedGaps(events: Sealed<GapPayload>[]): ReportedGap[] {
  const gaps = [...Map.groupBy(events, ({ payload }) => payload.lastGoodPollAt).values()].map((same): ReportedGap => {
    const { payload } = same.find(({ payload: { state } }) => state === 'CLOSED') ?? (same[0] as Sealed<GapPayload>);
    const { from, to, state, detail, recovered, endedBy, basis } = payload;
    const { reason } = (same.find((one) => one.payload.state === 'OPEN') ?? same[0])?.payload ?? payload;
    return {
      from,
      to,
      state,
      reason,
      detail,
      recovered,
      endedBy,
      basis,
      eventIds: same.map(({ id }) => id),
      verified: same.every(({ verified }) => verified),
    };
  });
  const closed = gaps.filter(({ state }) => state === 'CLOSED');
  const isTold = (open: ReportedGap): boolean =>
    closed.some(({ from, to }) => from <= open.from && open.from <= (to as string));
  return gaps.filter((gap) => gap.state === 'CLOSED' || !isTold(gap)).sort((a, b) => (a.from < b.from ? -1 : 1));
}

/** Since the last sealed hour: looked at up to the last success, but for the gaps, which are sealed as soon as they are known. */
function liveMs(
  range: Range,
  o: { gaps: ReportedGap[]; polls: Polls | null; sealedTo: string | null; nowMs: number },
): { expected: number; observed: number } {
  const from = o.sealedTo === null ? (o.polls?.observedFrom ?? null) : iso(Date.parse(o.sealedTo) + HOUR_MS);
  if (from === null) return { expected: 0, observed: 0 };
  const open = o.gaps.some(({ state }) => state === 'OPEN');
  const to = open ? iso(o.nowMs) : (o.polls?.observedTo ?? from);
  if (to <= from) return { expected: 0, observed: 0 };
  const fresh = { fromMs: Math.max(range.fromMs, Date.parse(from)), toMs: Math.min(range.toMs, Date.parse(to)) };
  const expected = Math.max(0, fresh.toMs - fresh.fromMs);
  const lost = sum(o.gaps.map((gap) => overlapMs(fresh, gap, o.nowMs)));
  return { expected, observed: Math.max(0, expected - lost) };
}

function unsealedOf(polls: Polls | null, sealedTo: string | null): HourOfPolls[] {
  return (polls?.hours ?? []).filter(({ hour }) => sealedTo === null || hour > sealedTo);
}

function counted(sealed: CoveragePayload[], live: HourOfPolls[]) {
  const all = [...sealed, ...live];
  return {
    polls: added(all.map(({ polls }) => polls)),
    events: sum(all.map(({ events }) => events)),
    errors: sum(all.map(({ errors }) => errors)),
    calls: added(all.map(({ calls }) => calls)),
    throttles: sum(all.map(({ throttles }) => throttles)),
  };
}

function reconciled(hours: Sealed<CoveragePayload>[]): CoverageReport['reconciliation'] {
  const sums = hours.flatMap(({ payload }) => payload.reconciliation ?? []);
  if (sums.length === 0) return null;
  const to =
    sums
      .flatMap((one) => one.to ?? [])
      .sort()
      .at(-1) ?? null;
  return { polls: sum(sums.map(({ polls }) => polls)), found: sum(sums.map(({ found }) => found)), to };
}

function overlapMs(range: Range, { from, to }: { from: string; to: string | null }, nowMs: number): number {
  const end = to === null ? nowMs : Date.parse(to);
  return Math.max(0, Math.min(range.toMs, end) - Math.max(range.fromMs, Date.parse(from)));
}

/** Counts are known by the hour: an hour counts when any of it lies in the range. */
const isIn = (range: Range, hour: string): boolean =>
  Date.parse(hour) < range.toMs && Date.parse(hour) + HOUR_MS > range.fromMs;

const iso = (ms: number): string => new Date(ms).toISOString();
const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);

function added(counts: Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((one) => Object.entries(one))) total[name] = (total[name] ?? 0) + count;
  return total;
}
