import type { DescribeTrainingJobCommandOutput as TrainingJob } from '@aws-sdk/client-sagemaker';
import { failureOf } from './adapters/aws-errors';
import { type Change, type Entry, type KnownJob, keyOf } from './domain/cursor';
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
import type { CaptureGap } from './domain/payload';
import { evidenceLost, trainingCompleted, trainingFromList, trainingStarted } from './domain/training';
import { wishFor } from './domain/training-metrics';
import { finishJobs, listJobs } from './list-jobs';
import type { Pass } from './pass';
import { orNull, tagsOf, tagsOrNull } from './read-tags';

/** Answers the new high-water mark: the largest creation time that was seen. */
export async function observeTraining(pass: Pass): Promise<string> {
  const { cursor, integration, to } = pass;
  const { settings } = integration;
  const wasWatched = (name: string): boolean => !!cursor.scope && name.startsWith(cursor.scope.namePrefix ?? '');
  const compare = (all: JobSummary[], entry: Entry | null): JobsSeen => {
    const wanted = all.filter(({ name }) => nameMatches(settings, name));
    const entering = ({ name, createdAt }: JobSummary): boolean =>
      pass.entering && !wasWatched(name) && stoodBefore(createdAt, entry);
    return compareJobs(cursor, 'training', wanted, { now: to, entry, entering });
  };
  const registering = (all: JobSummary[], entry: Entry | null): Change[] => compare(all, entry).changes;
  const { listed, newest, entry } = await listJobs(pass, 'training', pass.entering ? registering : null);
  const seen = compare(listed, entry);
  for (const job of seen.ended) {
    if (!cursor.jobs.training.has(keyOf(job))) await tellStart(pass, job);
    pass.detected.push(await settleTraining(pass, job, cursor.jobs.training.get(keyOf(job))?.tags ?? null));
    await pass.tellSoFar();
  }
  for (const job of seen.began) pass.detected.push(await registerTraining(pass, job));
  for (const job of seen.unlisted) pass.detected.push(await askForTraining(pass, job));
  return finishJobs(pass, 'training', { newest, changes: seen.changes });
}

const settled = (job: JobSummary | KnownJob): Detected => ({
  observations: [],
  changes: [{ kind: 'job-settled', jobs: 'training', job: toKnown(job, null) }],
});

/** Asked for again by the next poll. */
const stillOpen = (job: JobSummary, tags: Record<string, string> | null): Detected => ({
  observations: [],
  changes: [{ kind: 'job-open', jobs: 'training', job: { ...toKnown(job, job.status), ...(tags ? { tags } : {}) } }],
});

const nothing: Detected = { observations: [], changes: [] };

/**
 * A job that has ended. With a tag filter its tags come first: most of what it keeps out then costs one call. `tagsBefore` were read when
 * the job was first seen; they decide when it has vanished.
 */
export async function settleTraining(
  pass: Pass,
  job: JobSummary | KnownJob,
  tagsBefore: Record<string, string> | null,
): Promise<Detected> {
  const { observer, integration } = pass;
  const { settings } = integration;
  const done = settled(job);
  const gaps: CaptureGap[] = [];
  const filtering = filtersByTag(settings);
  const tags = filtering ? await tagsOrNull(pass, job.arn) : null;
  if (tags && !tagsMatch(settings, tags)) return done;
  const described = await describe(pass, job);
  if (described === 'DENIED') {
    if (!('status' in job)) return nothing;
    return { ...done, observations: [trainingFromList(job, tags ?? {}, observer)] };
  }
  // Deleted, and maybe made again under the same name: what we knew is gone.
  if (described?.CreationTime?.toISOString() !== job.createdAt) {
    if (observer.kind !== 'LIVE') return done;
    const isListed = 'status' in job;
    // Not listed, and made again under its name: that one is gone.
    if (mayBeBehind(job, pass.to) && (isListed || described === null))
      return isListed ? stillOpen(job, tags ? settings.filters.tags : tagsBefore) : nothing;
    if (tagsBefore && !tagsMatch(settings, tagsBefore)) return done;
    return { ...done, observations: [evidenceLost(job, observer, filtering ? tagsBefore : {})] };
  }
  if (!isTerminal(described.TrainingJobStatus as string)) return nothing;
  const captured = tags ?? (await tagsOf(pass, job.arn, gaps));
  if (!tagsMatch(settings, captured)) return done;
  const wish = wishFor(described, captured, observer);
  const changes: Change[] = wish ? [...done.changes, { kind: 'metrics-wanted', wish }] : done.changes;
  return { changes, observations: [trainingCompleted(described, captured, observer, gaps)] };
}

/** Null: there is none. Described may be another job of the same name. */
async function describe(pass: Pass, job: { name: string }): Promise<TrainingJob | 'DENIED' | null> {
  try {
    return await orNull(() => pass.aws.describeTrainingJob(job.name));
  } catch (error) {
    if (failureOf(error) === 'DENIED') return 'DENIED';
    throw error;
  }
}

/**
 * A new job that runs. Of its tags those that let it through the filters are kept, and no others: a job that vanishes cannot be asked any
 * more, and in a tag of the customer's may stand anything.
 */
async function registerTraining(pass: Pass, job: JobSummary): Promise<Detected> {
  const { settings } = pass.integration;
  const tags = filtersByTag(settings) ? await tagsOrNull(pass, job.arn) : null;
  const isIn = !tags || tagsMatch(settings, tags);
  const known: KnownJob = { ...toKnown(job, job.status), ...(tags ? { tags: isIn ? settings.filters.tags : {} } : {}) };
  if (isIn) await tellStart(pass, job);
  return { observations: [], changes: [{ kind: 'job-open', jobs: 'training', job: known }] };
}

/** TRAINING_STARTED, where it is asked for: of jobs whose start was seen, a Describe each. */
async function tellStart(pass: Pass, job: JobSummary): Promise<void> {
  const { integration, observer } = pass;
  if (!integration.settings.captureTrainingStarted) return;
  const described = await describe(pass, job);
  if (described === 'DENIED' || described?.CreationTime?.toISOString() !== job.createdAt) return;
  const gaps: CaptureGap[] = [];
  const tags = await tagsOf(pass, job.arn, gaps);
  if (!tagsMatch(integration.settings, tags)) return;
  pass.detected.push({ observations: [trainingStarted(described, tags, observer, gaps)], changes: [] });
}

/** An open job that the list did not show: it is asked for by name. */
async function askForTraining(pass: Pass, job: KnownJob): Promise<Detected> {
  // What leaves the filters leaves the register without an event (DESIGN §5).
  if (!nameMatches(pass.integration.settings, job.name))
    return { observations: [], changes: [{ kind: 'job-forgotten', jobs: 'training', key: keyOf(job) }] };
  return settleTraining(pass, job, job.tags ?? null);
}
