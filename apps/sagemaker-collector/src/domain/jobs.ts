import { type Change, type Cursor, type JobKind, type KnownJob, keyOf } from './cursor';
import { minus, OVERLAP_MS } from './time';

/** A job as a list shows it; the same for training and processing. */
export interface JobSummary {
  arn: string;
  name: string;
  createdAt: string;
  status: string;
}

const TERMINAL = new Set(['Completed', 'Failed', 'Stopped']);
export const isTerminal = (status: string): boolean => TERMINAL.has(status);

const FIRST_WINDOW_MS = 30 * 24 * 60 * 60_000;

/**
 * The list's lower bound (facts/aws §1.4): the overlap and every open job lie above it. At the first poll it is the longest that a job
 * may run, so that what runs already is in the register when it ends.
 */
export function windowFrom(cursor: Cursor, jobs: JobKind, now: string): string {
  const mark = cursor.highWater[jobs];
  if (mark === null) return minus(now, FIRST_WINDOW_MS);
  const open = [...cursor.jobs[jobs].values()]
    .filter((job) => job.openStatus !== null)
    .map((job) => minus(job.createdAt, 1));
  return [minus(mark, OVERLAP_MS), ...open].sort()[0] as string;
}

export interface JobsSeen {
  /** New or open before, and ended now: to be described, then told. */
  ended: JobSummary[];
  /** What needs no call. */
  changes: Change[];
  /** Open jobs that the list, which should have shown them, did not: to be described one by one. */
  unlisted: KnownJob[];
}

/**
 * Compares a listed window with what was known. A job that is not known and lies below the overlap was settled and forgotten; one that
 * had ended before the first poll is nobody's news, and is remembered while it lies in the overlap.
 */
export function compareJobs(cursor: Cursor, jobs: JobKind, listed: JobSummary[], now: string): JobsSeen {
  const seen: JobsSeen = { ended: [], changes: [], unlisted: [] };
  const mark = cursor.highWater[jobs];
  const first = mark === null;
  const overlap = minus(mark ?? now, OVERLAP_MS);
  const keys = new Set<string>();
  for (const summary of listed) {
    const key = keyOf(summary);
    if (keys.has(key)) continue;
    keys.add(key);
    const known = cursor.jobs[jobs].get(key);
    const ended = isTerminal(summary.status);
    if (known) {
      if (ended && known.openStatus !== null) seen.ended.push(summary);
    } else if (!ended) {
      if (first || summary.createdAt >= overlap)
        seen.changes.push({ kind: 'job-open', jobs, job: toKnown(summary, summary.status) });
    } else if (summary.createdAt >= overlap) {
      if (first) seen.changes.push({ kind: 'job-settled', jobs, job: toKnown(summary, null) });
      else seen.ended.push(summary);
    }
  }
  seen.unlisted = [...cursor.jobs[jobs].values()].filter((job) => job.openStatus !== null && !keys.has(keyOf(job)));
  return seen;
}

export const toKnown = (
  { arn, name, createdAt }: { arn: string; name: string; createdAt: string },
  openStatus: string | null,
): KnownJob => ({ arn, name, createdAt, openStatus });

/** Settled jobs that have left the overlap window for good. */
export function forgettable(cursor: Cursor, jobs: JobKind, highWater: string): Change[] {
  const bound = minus(highWater, 2 * OVERLAP_MS);
  const old = [...cursor.jobs[jobs].values()].filter((job) => job.openStatus === null && job.createdAt < bound);
  return old.map((job) => ({ kind: 'job-forgotten', jobs, key: keyOf(job) }));
}

export const largest = (times: (string | null)[]): string | null =>
  times.reduce((max, time) => (time !== null && (max === null || time > max) ? time : max), null);
