import type { ProcessingJobSummary, TrainingJobSummary } from '@aws-sdk/client-sagemaker';
import type { Change, JobKind } from './domain/cursor';
import type { Detected } from './domain/detected';
import {
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
import { rfc3339 } from './domain/time';
import type { Pass } from './pass';

/** A page of either list. */
export type JobPages = AsyncIterable<JobSummary[]>;

/**
 * The frozen window of one kind of jobs, as far back as it must be looked: what may be new, and the open jobs that are cheaper listed than
 * asked for one by one. Oldest first: events are sealed in the order in which jobs began.
 */
export async function listJobs(
  pass: Pass,
  jobs: JobKind,
  entering: boolean,
): Promise<{ listed: JobSummary[]; newest: string | null }> {
  const { cursor, to } = pass;
  const since = newSince(cursor, jobs, { now: to, entering });
  const open = openJobs(cursor, jobs);
  const isWanted = matters(cursor, jobs, to);
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
  return { listed: listed.reverse(), newest };
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
