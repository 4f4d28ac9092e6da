import type { ProcessingJobSummary, TrainingJobSummary } from '@aws-sdk/client-sagemaker';
import { applyChange, type Change, type Cursor, type Entry, type JobKind } from './domain/cursor';
import type { Detected } from './domain/detected';
import {
  entryOf,
  forgettable,
  type JobSummary,
  largest,
  matters,
  newSince,
  openJobs,
  windowFrom,
  worthAnotherPage,
} from './domain/jobs';
import { endedClean } from './domain/monitors';
import { minus, OVERLAP_MS, plus, rfc3339 } from './domain/time';
import type { Pass } from './pass';

/** A page of either list. */
export type JobPages = AsyncIterable<JobSummary[]>;

export interface ListedJobs {
  /** Oldest first: events are sealed in the order in which jobs began. */
  listed: JobSummary[];
  newest: string | null;
  /** Of the interrupted poll that this one went on from. */
  entry: Entry | null;
}

/** A first look walks through 30 days: so many pages cost a death, or an error, at the most. */
const PAGES_AT_ONCE = 10;

/** What a poll that enters makes of the jobs that it has listed so far: changes that need no call. */
export type Registering = (listed: JobSummary[], entry: Entry | null) => Change[];

/** The frozen window of one kind of jobs, as far back as it must be looked. `registering` null: the poll does not enter. */
export function listJobs(pass: Pass, jobs: JobKind, registering: Registering | null): Promise<ListedJobs> {
  return registering ? enter(pass, jobs, registering) : listNews(pass, jobs);
}

/**
 * All that was created in the last 30 days, newest first. What runs is registered as it is found, with the place that was reached, and
 * told: the next poll goes on there, after a look at what has come meanwhile.
 */
async function enter(pass: Pass, jobs: JobKind, registering: Registering): Promise<ListedJobs> {
  const { cursor, to } = pass;
  const { filters: scope } = pass.integration.settings;
  const entry = entryOf(cursor, jobs, scope);
  const isWanted = matters(cursor, jobs, { now: to, entry });
  const since = newSince(cursor, jobs, { now: to, entering: true });
  const windows =
    entry === null ? [{ from: windowFrom(cursor, jobs, since), to }] : goingOn(cursor, jobs, { entry, since, to });
  const listed: JobSummary[] = [];
  let newest: string | null = null;
  for (const [index, window] of windows.entries()) {
    let fresh: JobSummary[] = [];
    let pages = 0;
    const tell = async (reached: string): Promise<void> => {
      const changes = registering(fresh, entry);
      fresh = [];
      for (const change of [
        ...changes,
        { kind: 'entry-reached', jobs, entry: { scope, to: entry?.to ?? to, reached } } as const,
      ]) {
        pass.detected.push({ observations: [], changes: [change] });
        applyChange(cursor, change);
      }
      await pass.tellSoFar(1);
    };
    // What has come since the interruption is told at the end, or found again.
    const isHead = entry !== null && index === 0;
    for await (const page of jobPages(pass, jobs, { ...window, order: 'Descending' })) {
      newest = largest([newest, ...page.map(({ createdAt }) => createdAt)]);
      const wanted = page.filter(isWanted);
      listed.push(...wanted);
      fresh.push(...wanted);
      pages += 1;
      const reached = page.at(-1)?.createdAt;
      if (!isHead && reached !== undefined && pages % PAGES_AT_ONCE === 0) await tell(reached);
    }
    if (!isHead && pages > PAGES_AT_ONCE) await tell(window.from);
  }
  return { listed: listed.reverse(), newest, entry };
}

/** What has come since the interruption, then what it had not reached. */
function goingOn(
  cursor: Cursor,
  jobs: JobKind,
  { entry, since, to }: { entry: Entry; since: string; to: string },
): { from: string; to: string }[] {
  const head = { from: minus(cursor.highWater[jobs] ?? entry.to, OVERLAP_MS), to };
  // What shares the millisecond of the last one is listed again.
  const rest = { from: since, to: plus(entry.reached, 1) };
  return rest.from < entry.reached ? [head, rest] : [head];
}

/** What may be new, and the open jobs that are cheaper listed than asked for one by one. */
async function listNews(pass: Pass, jobs: JobKind): Promise<ListedJobs> {
  const { cursor, to } = pass;
  const since = newSince(cursor, jobs, { now: to, entering: false });
  const open = openJobs(cursor, jobs);
  const isWanted = matters(cursor, jobs, { now: to, entry: null });
  const listed: JobSummary[] = [];
  let items = 0;
  let newest: string | null = null;
  let reached: string | null = null;
  for await (const page of jobPages(pass, jobs, { from: windowFrom(cursor, jobs, since), to, order: 'Descending' })) {
    items += page.length;
    newest = largest([newest, ...page.map(({ createdAt }) => createdAt)]);
    reached = page.at(-1)?.createdAt ?? reached;
    listed.push(...page.filter(isWanted));
    if (!worthAnotherPage({ since, to, reached, items, open })) break;
  }
  return { listed: listed.reverse(), newest, entry: null };
}

export async function* jobPages(
  pass: Pass,
  jobs: JobKind,
  window: { from: string; to: string; order: 'Ascending' | 'Descending' },
): AsyncGenerator<JobSummary[]> {
  const counted = (page: JobSummary[]): JobSummary[] => {
    pass.pages += 1;
    pass.items += page.length;
    return page;
  };
  if (jobs === 'training')
    for await (const page of pass.aws.listTrainingJobs(window)) yield counted(page.map(trainingSummary));
  else for await (const page of pass.aws.listProcessingJobs(window)) yield counted(page.map(processingSummary));
}

const trainingSummary = (summary: TrainingJobSummary): JobSummary => ({
  arn: summary.TrainingJobArn as string,
  name: summary.TrainingJobName as string,
  createdAt: (summary.CreationTime as Date).toISOString(),
  status: summary.TrainingJobStatus as string,
  endedAt: rfc3339(summary.TrainingEndTime),
});

const processingSummary = (summary: ProcessingJobSummary): JobSummary => ({
  arn: summary.ProcessingJobArn as string,
  name: summary.ProcessingJobName as string,
  createdAt: (summary.CreationTime as Date).toISOString(),
  status: summary.ProcessingJobStatus as string,
  endedAt: rfc3339(summary.ProcessingEndTime),
  clean: endedClean(summary.ProcessingJobStatus as string, summary.ExitMessage),
});

/** What is left to do after the jobs of one kind were compared; answers the new high-water mark. */
export function finishJobs(pass: Pass, jobs: JobKind, o: { newest: string | null; changes: Change[] }): string {
  const mark = largest([pass.cursor.highWater[jobs] ?? pass.to, o.newest]) as string;
  const all = [...o.changes, ...forgettable(pass.cursor, jobs, mark)];
  // One at a time: a first poll may know many jobs, and a message holds 512 KiB.
  pass.detected.push(...all.map((change): Detected => ({ observations: [], changes: [change] })));
  return mark;
}
