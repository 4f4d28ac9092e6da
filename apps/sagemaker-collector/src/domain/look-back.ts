import type { CursorMoved, PollKind } from '@audital/contracts';
import { covers, type Cursor, JOB_KINDS, type JobKind, keyOf, sameScope, type Scope } from './cursor';
import { isTerminal, type JobSummary, LONGEST_JOB_MS } from './jobs';
import { minus, msBetween, OVERLAP_MS } from './time';

/**
 * Polls that look back: BACKFILL, once, at what had ended before the first poll; RECONCILE, daily, at what the live polls should have
 * told. They tell of ended jobs only, and have cursors of their own.
 */
export type LookBackKind = Exclude<PollKind, 'LIVE'>;

const DAY_MS = 24 * 60 * 60_000;
export const RECONCILE_EVERY_MS = DAY_MS;
/** Longer than any job may run, so that what was missed at its beginning is found when it has ended. */
const RECONCILE_OVER_MS = 35 * DAY_MS;
const FIRST_POLL_WAIT_MS = 60_000;

/** A window of creation times that is being walked through, oldest first. */
export interface Run {
  from: string;
  to: string;
  /** Everything up to here has been told; null: not begun. */
  reached: Record<JobKind, string | null>;
  through: Record<JobKind, boolean>;
  /** For whom it began; null: not known. */
  scope: Scope | null;
}

export interface LookBack {
  run: Run | null;
  /** Of the last run that was walked through to its end. */
  coveredFrom: string | null;
  /** Of a backfill: what had ended by then is its business; what has ended since is the live polls'. */
  anchor: string | null;
  /** What the filters were, so that wider ones are noticed. */
  coveredScope: Scope | null;
  endedAt: string | null;
  /** Jobs that it settled: they are found once. */
  settled: Set<string>;
}

export type LookBackChange =
  | { kind: 'look-began'; from: string; to: string; anchor?: string; scope?: Scope }
  | { kind: 'look-settled'; keys: string[] }
  | { kind: 'look-reached'; jobs: JobKind; to: string }
  | { kind: 'look-through'; jobs: JobKind }
  | { kind: 'look-ended'; at: string };

export const emptyLookBack = (): LookBack => ({
  run: null,
  coveredFrom: null,
  anchor: null,
  coveredScope: null,
  endedAt: null,
  settled: new Set(),
});

export function applyLookBack(state: LookBack, moved: CursorMoved): void {
  for (const change of moved.changes as unknown as LookBackChange[]) apply(state, change);
}

function apply(state: LookBack, change: LookBackChange): void {
  const { run } = state;
  switch (change.kind) {
    case 'look-began':
      state.run = {
        from: change.from,
        to: change.to,
        reached: { training: null, processing: null },
        through: { training: false, processing: false },
        scope: change.scope ?? null,
      };
      state.anchor = change.anchor ?? state.anchor;
      return;
    case 'look-settled':
      for (const key of change.keys) state.settled.add(key);
      return;
    case 'look-reached':
      if (run) run.reached[change.jobs] = change.to;
      return;
    case 'look-through':
      if (run) run.through[change.jobs] = true;
      return;
    case 'look-ended':
      state.coveredFrom = run?.from ?? state.coveredFrom;
      state.coveredScope = run?.scope ?? state.coveredScope;
      state.endedAt = change.at;
      state.run = null;
      return;
    default: {
      const unknown: never = change;
      throw new Error(`This version does not know the cursor change ${JSON.stringify(unknown)}: start the newer one.`);
    }
  }
}

/** What there is to do: a window to begin or to go on with, or nothing for so long (null: for ever). */
export type LookBackPlan =
  { run: { from: string; to: string; begins: boolean; anchor?: string } } | { waitMs: number | null };

export function planLookBack(
  kind: LookBackKind,
  state: LookBack,
  o: { live: Cursor; backfillDays: number; scope: Scope },
): LookBackPlan {
  const { watchedSince, markedAt } = o.live;
  if (kind === 'BACKFILL' && o.backfillDays === 0) return { waitMs: null };
  if (watchedSince === null || markedAt === null) return { waitMs: FIRST_POLL_WAIT_MS };
  if (state.run) return { run: { ...state.run, begins: false } };
  if (kind === 'BACKFILL') return planBackfill(state, o);
  // The mark is at most ten minutes behind AWS's clock, and known without a call.
  const waitMs = RECONCILE_EVERY_MS - msBetween(state.endedAt ?? watchedSince, markedAt);
  if (waitMs > 0) return { waitMs };
  const from = [minus(markedAt, RECONCILE_OVER_MS), minus(watchedSince, LONGEST_JOB_MS)].sort()[1] as string;
  return { run: { from, to: minus(markedAt, OVERLAP_MS), begins: true } };
}

/**
 * The days before the first poll, or before wider filters stood: what they let in is treated as at a registration. With more days than
 * before only those are looked at that they add.
 */
function planBackfill(state: LookBack, o: { live: Cursor; backfillDays: number; scope: Scope }): LookBackPlan {
  const { live, backfillDays, scope } = o;
  // The poll with these filters is still to come; until it has looked, nobody knows what is old.
  if (live.scope === null || !sameScope(live.scope, scope)) return { waitMs: FIRST_POLL_WAIT_MS };
  const isWider = state.coveredScope !== null && !covers(state.coveredScope, scope);
  const anchor = (isWider ? live.scopeSince : (state.anchor ?? live.watchedSince)) as string;
  const from = minus(anchor, backfillDays * DAY_MS);
  const to = isWider ? anchor : (state.coveredFrom ?? anchor);
  return from < to ? { run: { from, to, begins: true, anchor } } : { waitMs: null };
}

/** How long to wait after a run that came to its end. */
export const waitAfter = (kind: LookBackKind): number | null => (kind === 'RECONCILE' ? RECONCILE_EVERY_MS : null);

/** Where the next page begins: what shares the millisecond of the last one is listed again. */
export const lowerBound = (run: Run, jobs: JobKind): string => minus(run.reached[jobs] ?? run.from, 1);

export const jobsLeft = (run: Run): JobKind[] => JOB_KINDS.filter((jobs) => !run.through[jobs]);

/**
 * Whether a listed job is this poll's to tell. Backfill: it had ended when the first poll (with these filters) looked. Reconciliation: it ended while these
 * filters stood, and the live polls neither know it as running nor ever settled it; `settled` are the keys that they did.
 */
export function isToTell(
  kind: LookBackKind,
  job: JobSummary,
  o: { live: Cursor; jobs: JobKind; settled: ReadonlySet<string>; own: LookBack },
): boolean {
  if (!isTerminal(job.status)) return false;
  const { live, jobs, settled, own } = o;
  if (kind === 'BACKFILL') return job.endedAt === null || job.endedAt < (own.anchor ?? (live.watchedSince as string));
  const key = keyOf(job);
  if (settled.has(key) || own.settled.has(key) || live.jobs[jobs].has(key)) return false;
  return job.endedAt !== null && job.endedAt >= (live.scopeSince as string);
}
