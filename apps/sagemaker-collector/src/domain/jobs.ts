import {
  type Change,
  type Cursor,
  type Entry,
  type JobKind,
  type KnownJob,
  keyOf,
  sameScope,
  type Scope,
} from './cursor';
import { minus, OVERLAP_MS } from './time';

/** A job as a list shows it; the same for training and processing. */
export interface JobSummary {
  arn: string;
  name: string;
  createdAt: string;
  status: string;
  endedAt: string | null;
  /** The list alone shows that a processing job has nothing to tell: it costs no Describe. */
  clean?: boolean;
}

const TERMINAL = new Set(['Completed', 'Failed', 'Stopped']);
export const isTerminal = (status: string): boolean => TERMINAL.has(status);

/**
 * Whether a Describe that does not know a job may be that of a replica which is behind (AWS's reads are eventually consistent): the job is
 * younger, or ended less long ago, than any replica lags. Then nothing is concluded, and the next poll asks again.
 */
export const mayBeBehind = (job: JobSummary | KnownJob, now: string): boolean =>
  (('endedAt' in job ? job.endedAt : null) ?? job.createdAt) > minus(now, OVERLAP_MS);

/** The longest that a job may run, upload included (facts/aws §1.4). */
export const LONGEST_JOB_MS = 30 * 24 * 60 * 60_000;

/** What a list must show: everything above it may be new. At the first look it is the longest that a job may run. */
export function newSince(cursor: Cursor, jobs: JobKind, o: { now: string; entering: boolean }): string {
  const mark = cursor.highWater[jobs];
  return mark === null || o.entering ? minus(o.now, LONGEST_JOB_MS) : minus(mark, OVERLAP_MS);
}

/** What a poll that enters need not list again, because one before it did and was interrupted. Null: it begins anew. */
export function entryOf(cursor: Cursor, jobs: JobKind, scope: Scope): Entry | null {
  const entry = cursor.entries[jobs];
  return entry && sameScope(entry.scope, scope) ? entry : null;
}

/** What is unknown above it has begun since the last look, or since the look that was interrupted: it is news. */
const overlapOf = (cursor: Cursor, jobs: JobKind, o: { now: string; entry?: Entry | null }): string =>
  minus(cursor.highWater[jobs] ?? o.entry?.to ?? o.now, OVERLAP_MS);

/**
 * Whether a job stood before we looked at it: it is registered without an event. The interrupted look may have ended inside the overlap:
 * what lies below is not known yet, and no news.
 */
export const stoodBefore = (createdAt: string, entry: Entry | null): boolean =>
  entry === null || createdAt < minus(entry.to, OVERLAP_MS) || createdAt <= entry.reached;

export const openJobs = (cursor: Cursor, jobs: JobKind): KnownJob[] =>
  [...cursor.jobs[jobs].values()].filter(({ openStatus }) => openStatus !== null);

/** The list's lower bound (facts/aws §1.4): what may be new and every open job lie above it. */
export function windowFrom(cursor: Cursor, jobs: JobKind, since: string): string {
  const open = openJobs(cursor, jobs).map((job) => minus(job.createdAt, 1));
  return [since, ...open].sort()[0] as string;
}

const PAGE_ITEMS = 100;

/**
 * Whether the next page, newest first, is worth its call. What may be new is always listed; open jobs further back are asked for by
 * whichever is fewer calls, more pages or a Describe each (DESIGN §5). How many pages they are away is estimated from those so far.
 */
export function worthAnotherPage(o: {
  since: string;
  to: string;
  /** The oldest creation time so far; null while nothing was listed. */
  reached: string | null;
  items: number;
  open: { createdAt: string }[];
}): boolean {
  const { since, to, reached } = o;
  if (reached === null || reached >= since) return true;
  const beyond = o.open.map(({ createdAt }) => createdAt).filter((createdAt) => createdAt <= reached);
  if (beyond.length === 0) return false;
  const seenMs = Math.max(Date.parse(to) - Date.parse(reached), 1);
  const restMs = Date.parse(reached) - Date.parse(beyond.sort()[0] as string);
  const pages = Math.max(1, Math.ceil(((o.items / seenMs) * restMs) / PAGE_ITEMS));
  return pages < beyond.length;
}

/** Whether a listed job matters at all: most of a long history does not, and need not be kept in memory. */
export function matters(
  cursor: Cursor,
  jobs: JobKind,
  o: { now: string; entry: Entry | null },
): (summary: JobSummary) => boolean {
  const overlap = overlapOf(cursor, jobs, o);
  return (summary) =>
    !isTerminal(summary.status) || summary.createdAt >= overlap || cursor.jobs[jobs].has(keyOf(summary));
}

export interface JobsSeen {
  /** New or open before, and ended now: to be described, then told. */
  ended: JobSummary[];
  /** New and running: into the register. */
  began: JobSummary[];
  /** What needs no call. */
  changes: Change[];
  /** Open jobs that the list, which should have shown them, did not: to be described one by one. */
  unlisted: KnownJob[];
}

/**
 * Compares a listed window with what was known. A job that has ended, is not known and lies below the overlap was settled and forgotten;
 * one that had ended before it entered (at the first poll, or when the filters were changed) is nobody's news, and is remembered while it
 * lies in the overlap.
 */
export function compareJobs(
  cursor: Cursor,
  jobs: JobKind,
  listed: JobSummary[],
  o: { now: string; entry?: Entry | null; entering: (summary: JobSummary) => boolean },
): JobsSeen {
  const seen: JobsSeen = { ended: [], began: [], changes: [], unlisted: [] };
  const overlap = overlapOf(cursor, jobs, o);
  const keys = new Set<string>();
  for (const summary of listed) {
    const key = keyOf(summary);
    if (keys.has(key)) continue;
    keys.add(key);
    const known = cursor.jobs[jobs].get(key);
    const ended = isTerminal(summary.status);
    const recent = summary.createdAt >= overlap;
    const entering = o.entering(summary);
    if (known) {
      if (ended && known.openStatus !== null) seen.ended.push(summary);
    } else if (!ended) {
      if (entering) seen.changes.push({ kind: 'job-open', jobs, job: toKnown(summary, summary.status) });
      else seen.began.push(summary);
    } else if (recent) {
      if (entering) seen.changes.push({ kind: 'job-settled', jobs, job: toKnown(summary, null) });
      else seen.ended.push(summary);
    }
  }
  seen.unlisted = openJobs(cursor, jobs).filter((job) => !keys.has(keyOf(job)));
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
