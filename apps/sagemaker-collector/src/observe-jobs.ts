import { createHash } from 'node:crypto';
import type { ModelIdentity } from '@audital/contracts';
import type {
  DescribeProcessingJobCommandOutput as ProcessingJob,
  ProcessingJobSummary,
  TrainingJobSummary,
} from '@aws-sdk/client-sagemaker';
import { failureOf } from './adapters/aws-errors';
import type { Change, JobKind, KnownJob } from './domain/cursor';
import type { Detected } from './domain/detected';
import { nameMatches, needsTags, tagsMatch } from './domain/filters';
import { compareJobs, forgettable, isTerminal, type JobSummary, largest, toKnown, windowFrom } from './domain/jobs';
import {
  type MonitorReport,
  type MonitoringRun,
  alert,
  endedClean,
  monitoringRun,
  reportLocations,
} from './domain/monitors';
import { parseStatistic, parseViolations } from './domain/monitor-report';
import { worstFirst } from './domain/severity';
import type { CaptureGap } from './domain/payload';
import { evidenceLost, trainingCompleted } from './domain/training';
import type { Pass } from './poll';

/** Answers the new high-water mark: the largest creation time that was seen. */
export async function observeTraining(pass: Pass): Promise<string> {
  const { aws, cursor, to, integration } = pass;
  const pages = aws.listTrainingJobs({ from: windowFrom(cursor, 'training', to), to });
  const listed = await gather(pass, pages, trainingSummary);
  const wanted = listed.filter(({ name }) => nameMatches(integration.settings, name));
  const seen = compareJobs(cursor, 'training', wanted, to);
  for (const job of seen.ended) pass.detected.push(await describeTraining(pass, job));
  for (const job of seen.unlisted) pass.detected.push(await askForTraining(pass, job));
  return finish(pass, 'training', listed, seen.changes);
}

export async function observeProcessing(pass: Pass): Promise<string> {
  const { aws, cursor, to } = pass;
  const clean = new Set<string>();
  const pages = aws.listProcessingJobs({ from: windowFrom(cursor, 'processing', to), to });
  const listed = await gather(pass, pages, (summary: ProcessingJobSummary) => {
    const job = processingSummary(summary);
    if (endedClean(job.status, summary.ExitMessage)) clean.add(job.arn);
    return job;
  });
  const seen = compareJobs(cursor, 'processing', listed, to);
  for (const job of seen.ended)
    pass.detected.push(clean.has(job.arn) ? settled('processing', job) : await describeProcessing(pass, job));
  for (const job of seen.unlisted) pass.detected.push(await askForProcessing(pass, job));
  return finish(pass, 'processing', listed, seen.changes);
}

function finish(pass: Pass, jobs: JobKind, listed: JobSummary[], changes: Change[]): string {
  const mark = largest([pass.cursor.highWater[jobs] ?? pass.to, ...listed.map(({ createdAt }) => createdAt)]) as string;
  const all = [...changes, ...forgettable(pass.cursor, jobs, mark)];
  // One at a time: a first poll may know many jobs, and a message holds 512 KiB.
  pass.detected.push(...all.map((change): Detected => ({ observations: [], changes: [change] })));
  return mark;
}

async function gather<Summary>(
  pass: Pass,
  pages: AsyncIterable<Summary[]>,
  toSummary: (summary: Summary) => JobSummary,
): Promise<JobSummary[]> {
  const all: JobSummary[] = [];
  for await (const page of pages) {
    pass.pages += 1;
    pass.items += page.length;
    all.push(...page.map(toSummary));
  }
  // Oldest first: events are sealed in the order in which jobs began.
  return all.reverse();
}

const trainingSummary = (summary: TrainingJobSummary): JobSummary => ({
  arn: summary.TrainingJobArn as string,
  name: summary.TrainingJobName as string,
  createdAt: (summary.CreationTime as Date).toISOString(),
  status: summary.TrainingJobStatus as string,
});

const processingSummary = (summary: ProcessingJobSummary): JobSummary => ({
  arn: summary.ProcessingJobArn as string,
  name: summary.ProcessingJobName as string,
  createdAt: (summary.CreationTime as Date).toISOString(),
  status: summary.ProcessingJobStatus as string,
});

const settled = (jobs: JobKind, job: { arn: string; name: string; createdAt: string }): Detected => ({
  observations: [],
  changes: [{ kind: 'job-settled', jobs, job: toKnown(job, null) }],
});

async function describeTraining(pass: Pass, job: JobSummary | KnownJob): Promise<Detected> {
  const { aws, observer, integration } = pass;
  const done = settled('training', job);
  const described = await describeOrNull(() => aws.describeTrainingJob(job.name));
  // Deleted, and maybe made again under the same name: what we knew is gone.
  if (described?.CreationTime?.toISOString() !== job.createdAt)
    return { ...done, observations: [evidenceLost(job, observer)] };
  if (!isTerminal(described.TrainingJobStatus as string)) return { observations: [], changes: [] };
  const gaps: CaptureGap[] = [];
  const tags = await tagsOf(pass, job.arn, gaps);
  if (!tagsMatch(integration.settings, tags)) return done;
  return { ...done, observations: [trainingCompleted(described, tags, observer, gaps)] };
}

/** An open job that the list did not show: it is asked for by name. */
async function askForTraining(pass: Pass, job: KnownJob): Promise<Detected> {
  if (!nameMatches(pass.integration.settings, job.name))
    return {
      observations: [],
      changes: [{ kind: 'job-forgotten', jobs: 'training', key: `${job.arn} | ${job.createdAt}` }],
    };
  return describeTraining(pass, job);
}

async function describeProcessing(pass: Pass, job: JobSummary | KnownJob): Promise<Detected> {
  const done = settled('processing', job);
  const described = await describeOrNull(() => pass.aws.describeProcessingJob(job.name));
  // A processing job that vanished may have been anything: only one that is known to monitor would be evidence.
  if (described?.CreationTime?.toISOString() !== job.createdAt) return done;
  if (!isTerminal(described.ProcessingJobStatus as string)) return { observations: [], changes: [] };
  const run = monitoringRun(described);
  if (!run || run.outcome === 'CLEAN' || !(await isWatched(pass, run))) return done;
  const gaps: CaptureGap[] = [];
  const report = run.outcome === 'VIOLATIONS' ? await readReport(pass, described, gaps) : null;
  return {
    ...done,
    observations: [alert(run, { report, model: modelOf(pass, run.endpointName), observer: pass.observer, gaps })],
  };
}

const askForProcessing = (pass: Pass, job: KnownJob): Promise<Detected> => describeProcessing(pass, job);

/** A monitor belongs to its endpoint: the filters look at that one. */
async function isWatched(pass: Pass, run: MonitoringRun): Promise<boolean> {
  const { settings, target } = pass.integration;
  if (run.endpointName === null || !nameMatches(settings, run.endpointName)) return false;
  if (Object.keys(settings.filters.tags).length === 0) return true;
  const arn = `arn:aws:sagemaker:${target.region}:${target.awsAccountId}:endpoint/${run.endpointName.toLowerCase()}`;
  const tags = await pass.aws.listTags(arn).catch((error: unknown) => {
    if (failureOf(error) === 'NOT_FOUND') return {};
    throw error;
  });
  return tagsMatch(settings, tags);
}

function modelOf(pass: Pass, endpointName: string | null): ModelIdentity | null {
  const fresh = pass.detected
    .flatMap(({ changes }) => changes)
    .flatMap((change) => (change.kind === 'endpoint' ? [change.snapshot] : []));
  const snapshots = [...pass.cursor.endpoints.values(), ...fresh].filter(({ name }) => name === endpointName);
  return snapshots.at(-1)?.modelIdentity ?? null;
}

/** Best effort: what cannot be read is named in captureGaps, and never silence (DESIGN §5). */
async function readReport(pass: Pass, job: ProcessingJob, gaps: CaptureGap[]): Promise<MonitorReport | null> {
  const { folder, baselineStatistics } = reportLocations(job);
  if (folder === null) return null;
  for (const uri of [`${folder}/constraint_violations.json`, `${folder}/constraints_violations.json`]) {
    const bytes = await optional(pass, uri, 'violations', gaps);
    if (bytes === null) continue;
    try {
      const violations = parseViolations(new TextDecoder().decode(bytes));
      const feature = worstFirst(violations)[0]?.subject ?? null;
      const statistic = async (at: string | null) =>
        at && feature ? statisticIn(await optional(pass, at, 'statistics', gaps), feature) : null;
      const [current, baseline] = [await statistic(`${folder}/statistics.json`), await statistic(baselineStatistics)];
      return { uri, sha256: createHash('sha256').update(bytes).digest('hex'), violations, baseline, current };
    } catch {
      gaps.push({ field: 'violations', reason: 'REPORT_NOT_UNDERSTOOD', permission: null });
    }
  }
  return null;
}

function statisticIn(bytes: Uint8Array | null, feature: string) {
  try {
    return bytes && parseStatistic(new TextDecoder().decode(bytes), feature);
  } catch {
    return null;
  }
}

async function optional(pass: Pass, uri: string, field: string, gaps: CaptureGap[]): Promise<Uint8Array | null> {
  try {
    return await pass.aws.readObject(uri);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'THROTTLED') throw error;
    if (failure === 'DENIED' && !gaps.some((gap) => gap.field === field))
      gaps.push({ field, reason: 'ACCESS_DENIED', permission: 's3:GetObject' });
    return null;
  }
}

/** Tags that a filter needs must be readable, else the pass fails: an empty result would be a lie. For the rest a gap is enough. */
export async function tagsOf(pass: Pass, arn: string, gaps: CaptureGap[]): Promise<Record<string, string>> {
  const { settings } = pass.integration;
  if (!needsTags(settings)) return {};
  try {
    return await pass.aws.listTags(arn);
  } catch (error) {
    const failure = failureOf(error);
    const filtered = Object.keys(settings.filters.tags).length > 0;
    if (failure !== 'NOT_FOUND' && (filtered || failure !== 'DENIED')) throw error;
    gaps.push({
      field: 'tags',
      reason: failure === 'DENIED' ? 'ACCESS_DENIED' : 'NOT_FOUND',
      permission: failure === 'DENIED' ? 'sagemaker:ListTags' : null,
    });
    return {};
  }
}

export async function describeOrNull<T>(describe: () => Promise<T>): Promise<T | null> {
  try {
    return await describe();
  } catch (error) {
    if (failureOf(error) === 'NOT_FOUND') return null;
    throw error;
  }
}
