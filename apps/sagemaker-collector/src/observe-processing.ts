import type { Change, Entry, KnownJob } from './domain/cursor';
import type { Detected } from './domain/detected';
import { filtersByTag, nameMatches, tagsMatch } from './domain/filters';
import {
  compareJobs,
  isTerminal,
  type JobsSeen,
  type JobSummary,
  mayBeBehind,
  stoodBefore,
  toKnown,
} from './domain/jobs';
import { alert, type MonitoringRun, monitoringRun } from './domain/monitors';
import { finishJobs, listJobs } from './list-jobs';
import type { Pass } from './pass';
import { gatherEvidence } from './read-evidence';
import { orNull, tagsOrNull } from './read-tags';

/** Processing jobs, of which only a monitor's runs matter; answers the new high-water mark. */
export async function observeProcessing(pass: Pass): Promise<string> {
  const { cursor, to } = pass;
  const first = cursor.markedAt === null;
  const compare = (all: JobSummary[], entry: Entry | null): JobsSeen => {
    const entering = ({ createdAt }: JobSummary): boolean => first && stoodBefore(createdAt, entry);
    return compareJobs(cursor, 'processing', all, { now: to, entry, entering });
  };
  const registering = (all: JobSummary[], entry: Entry | null): Change[] => compare(all, entry).changes;
  const { listed, newest, entry } = await listJobs(pass, 'processing', first ? registering : null);
  const seen = compare(listed, entry);
  for (const job of seen.ended) pass.detected.push(await settleProcessing(pass, job));
  for (const job of seen.unlisted) pass.detected.push(await settleProcessing(pass, job));
  const began = seen.began.map(
    (job) => ({ kind: 'job-open', jobs: 'processing', job: toKnown(job, job.status) }) as const,
  );
  return finishJobs(pass, 'processing', { newest, changes: [...seen.changes, ...began] });
}

export async function settleProcessing(pass: Pass, job: JobSummary | KnownJob): Promise<Detected> {
  const done: Detected = {
    observations: [],
    changes: [{ kind: 'job-settled', jobs: 'processing', job: toKnown(job, null) }],
  };
  if ('clean' in job && job.clean) return done;
  const described = await orNull(() => pass.aws.describeProcessingJob(job.name));
  if (described === null && mayBeBehind(job, pass.to))
    return 'status' in job
      ? { observations: [], changes: [{ kind: 'job-open', jobs: 'processing', job: toKnown(job, job.status) }] }
      : { observations: [], changes: [] };
  // A processing job that vanished may have been anything: only one that is known to monitor would be evidence.
  if (described?.CreationTime?.toISOString() !== job.createdAt) return done;
  if (!isTerminal(described.ProcessingJobStatus as string)) return { observations: [], changes: [] };
  const run = monitoringRun(described);
  if (!run || run.outcome === 'CLEAN' || !(await isWatched(pass, run))) return done;
  const evidence = await gatherEvidence(pass, run);
  return { ...done, observations: [alert(run, evidence, pass.observer)] };
}

/**
 * A monitor belongs to its endpoint: the filters look at that one. Where there is none (batch), or it is gone, they look at the schedule's
 * name and at the tags of the run itself.
 */
async function isWatched(pass: Pass, run: MonitoringRun): Promise<boolean> {
  const { settings, target } = pass.integration;
  if (!nameMatches(settings, run.endpointName ?? run.scheduleName)) return false;
  if (!filtersByTag(settings)) return true;
  const prefix = (run.job.ProcessingJobArn as string).split(':').slice(0, 3).join(':');
  const arn = `${prefix}:${target.region}:${target.awsAccountId}:endpoint/${run.endpointName?.toLowerCase()}`;
  const ofEndpoint = run.endpointName === null ? null : await tagsOrNull(pass, arn);
  return tagsMatch(settings, ofEndpoint ?? (await pass.aws.listTags(run.job.ProcessingJobArn as string)));
}
