import type { PollEnded } from './polling';

/** How late the mark in the ledger may be, at the most, while polls find nothing new (DESIGN §1). */
export const MARK_EVERY_MS = 10 * 60_000;

/**
 * What a statement about coverage rests on. POLLS: every poll was heard of. LEDGER_MARK: the broker had lost them, and what is known is
 * the mark in the cursor, which may be `MARK_EVERY_MS` too old. SCHEDULER_START: not even that; it is at least since then.
 */
export type CoverageBasis = 'POLLS' | 'LEDGER_MARK' | 'SCHEDULER_START';

/** NOT_POLLED: no poll ended at all. Otherwise the outcome of the last poll that could not look. */
export type GapReason = 'NOT_POLLED' | Exclude<PollEnded['outcome'], 'OK'>;

/** Payload of COVERAGE: one hour of one integration. Times are RFC 3339 by AWS's clock, durations milliseconds. */
export interface CoveragePayload {
  hour: string;
  /** The part of the hour in which looking was expected. */
  from: string;
  to: string;
  expectedMs: number;
  /** At most three intervals lay between two successful polls. */
  observedMs: number;
  windows: { from: string; to: string }[];
  gaps: { from: string; to: string }[];
  polls: Record<string, number>;
  pages: number;
  items: number;
  events: number;
  /** Polls that could not look. */
  errors: number;
  calls: Record<string, number>;
  throttles: number;
  /** Why coverage ended within the hour. */
  ended: { reason: string; at: string } | null;
  /** What backfill and reconciliation did in this hour; null when they did nothing. */
  backfill: SlicesSum | null;
  reconciliation: SlicesSum | null;
  basis: CoverageBasis;
}

/** `found`: events that the live polls had not told. */
export interface SlicesSum {
  polls: number;
  errors: number;
  pages: number;
  items: number;
  found: number;
  from: string | null;
  to: string | null;
}

/** Payload of COVERAGE_GAP. `from` is the end of the last good poll's window; `to` and what follows stand in CLOSED only. */
export interface GapPayload {
  state: 'OPEN' | 'CLOSED';
  lastGoodPollAt: string;
  from: string;
  to: string | null;
  durationMs: number | null;
  reason: GapReason;
  /** What the last poll that could not look said of it. */
  detail: string | null;
  syncIntervalSeconds: number;
  /** True: the poll that ended it looked back over the whole gap, so jobs of that time were seen later. */
  recovered: boolean | null;
  /** POLL, or the status that ended coverage. */
  endedBy: string | null;
  basis: CoverageBasis;
}
