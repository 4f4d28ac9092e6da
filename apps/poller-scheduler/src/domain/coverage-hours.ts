import type { CoverageBasis, CoveragePayload, PollEnded, SlicesSum } from '@audital/contracts';
import { iso } from './coverage-events';

export const HOUR_MS = 60 * 60_000;
const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS) * HOUR_MS;

interface Span {
  fromMs: number;
  toMs: number;
  observed: boolean;
  basis: CoverageBasis;
}

type HourSum = Pick<
  CoveragePayload,
  'polls' | 'pages' | 'items' | 'events' | 'errors' | 'calls' | 'throttles' | 'ended' | 'backfill' | 'reconciliation'
>;

const emptySum = (): HourSum => ({
  polls: {},
  pages: 0,
  items: 0,
  events: 0,
  errors: 0,
  calls: {},
  throttles: 0,
  ended: null,
  backfill: null,
  reconciliation: null,
});

/** What is known of one integration's hours that have not been told yet. Times are AWS's, in ms. */
export class CoverageHours {
  private readonly spans: Span[] = [];
  private readonly sums = new Map<number, HourSum>();
  /** Everything before it has been told. */
  private toldTo = 0;

  /** Between two moments somebody looked, or nobody did. What is in no span was not expected. */
  addSpan(span: Span): void {
    if (span.toMs <= Math.max(span.fromMs, this.toldTo)) return;
    const last = this.spans.at(-1);
    const goesOn = last?.toMs === span.fromMs && last.observed === span.observed && last.basis === span.basis;
    if (last && goesOn) last.toMs = span.toMs;
    else this.spans.push({ ...span });
  }

  addPoll(poll: PollEnded, endedMs: number): void {
    const sum = this.sumAt(endedMs);
    if (!sum) return;
    const kind = poll.kind ?? 'LIVE';
    // A look back that had nothing to do did nothing.
    if (kind !== 'LIVE' && poll.outcome === 'OK' && poll.windowTo === null) return;
    for (const [operation, count] of Object.entries(poll.calls))
      sum.calls[operation] = (sum.calls[operation] ?? 0) + count;
    sum.throttles += poll.throttles;
    if (kind === 'BACKFILL') sum.backfill = withSlice(sum.backfill, poll);
    else if (kind === 'RECONCILE') sum.reconciliation = withSlice(sum.reconciliation, poll);
    else {
      sum.polls[poll.outcome] = (sum.polls[poll.outcome] ?? 0) + 1;
      sum.pages += poll.pages;
      sum.items += poll.items;
      sum.events += poll.observations;
      sum.errors += poll.outcome === 'OK' ? 0 : 1;
    }
  }

  ended(reason: string, atMs: number): void {
    const sum = this.sumAt(atMs);
    if (sum) sum.ended = { reason, at: iso(atMs) };
  }

  /** Hours that lie wholly before `settledMs`, oldest first, and never again. `openFromMs`: since when nobody looks, if so. */
  take(settledMs: number, open: { fromMs: number; basis: CoverageBasis } | null): CoveragePayload[] {
    const payloads: CoveragePayload[] = [];
    if (settledMs < this.toldTo + HOUR_MS) return payloads;
    const spans = open ? [...this.spans, { ...open, toMs: settledMs, observed: false }] : this.spans;
    const first = Math.min(...spans.map(({ fromMs }) => hourOf(fromMs)), ...this.sums.keys());
    const start = Math.max(this.toldTo, first);
    if (!Number.isFinite(start)) return payloads;
    let hour = start;
    for (; hour + HOUR_MS <= settledMs; hour += HOUR_MS) {
      const payload = hourPayload(hour, spans, this.sums.get(hour) ?? null);
      if (payload) payloads.push(payload);
    }
    if (hour > start) this.forgetBefore(hour);
    return payloads;
  }

  private forgetBefore(ms: number): void {
    this.toldTo = ms;
    const kept = this.spans.filter(({ toMs }) => toMs > ms);
    this.spans.splice(0, this.spans.length, ...kept);
    for (const hour of this.sums.keys()) if (hour < ms) this.sums.delete(hour);
  }

  /** Null for an hour that has been told: what comes late for it changes nothing. */
  private sumAt(ms: number): HourSum | null {
    const hour = hourOf(ms);
    if (hour < this.toldTo) return null;
    const sum = this.sums.get(hour) ?? emptySum();
    this.sums.set(hour, sum);
    return sum;
  }
}

function withSlice(before: SlicesSum | null, poll: PollEnded): SlicesSum {
  const sum = before ?? { polls: 0, errors: 0, pages: 0, items: 0, found: 0, from: null, to: null };
  const { windowFrom, windowTo } = poll;
  return {
    polls: sum.polls + 1,
    errors: sum.errors + (poll.outcome === 'OK' ? 0 : 1),
    pages: sum.pages + poll.pages,
    items: sum.items + poll.items,
    found: sum.found + poll.observations,
    from: windowFrom !== null && (sum.from === null || windowFrom < sum.from) ? windowFrom : sum.from,
    to: windowTo !== null && (sum.to === null || windowTo > sum.to) ? windowTo : sum.to,
  };
}

function hourPayload(hour: number, spans: Span[], sum: HourSum | null): CoveragePayload | null {
  const clipped = spans
    .map((span) => ({ ...span, fromMs: Math.max(span.fromMs, hour), toMs: Math.min(span.toMs, hour + HOUR_MS) }))
    .filter(({ fromMs, toMs }) => toMs > fromMs);
  if (clipped.length === 0 && !sum) return null;
  const windows = merged(clipped.filter(({ observed }) => observed));
  const gaps = merged(clipped.filter(({ observed }) => !observed));
  const fromMs = Math.min(hour + HOUR_MS, ...clipped.map((span) => span.fromMs));
  const toMs = Math.max(fromMs, ...clipped.map((span) => span.toMs));
  return {
    hour: iso(hour),
    from: iso(fromMs),
    to: iso(toMs),
    expectedMs: length(windows) + length(gaps),
    observedMs: length(windows),
    windows: windows.map(shown),
    gaps: gaps.map(shown),
    ...(sum ?? emptySum()),
    basis: clipped.find(({ basis }) => basis !== 'POLLS')?.basis ?? 'POLLS',
  };
}

const shown = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => ({ from: iso(fromMs), to: iso(toMs) });
const length = (spans: { fromMs: number; toMs: number }[]): number =>
  spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);

function merged(spans: Span[]): { fromMs: number; toMs: number }[] {
  const result: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}
