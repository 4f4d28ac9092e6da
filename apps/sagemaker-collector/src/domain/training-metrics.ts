import { createHash } from 'node:crypto';
import { facts, type JsonObject, type Observation } from '@audital/contracts';
import type { DescribeTrainingJobCommandOutput as TrainingJob } from '@aws-sdk/client-sagemaker';
import type { MetricsWish } from './cursor';
import { modelIdentity } from './model-identity';
import { type Observer, observedBy } from './observer';
import { type CaptureGap, hashable } from './payload';
import { minus, msBetween, plus, rfc3339 } from './time';

const MINUTE_MS = 60_000;
/** Points need some minutes to arrive; what has not changed between two looks is taken to be whole. */
const LOOK_EVERY_MS = 5 * MINUTE_MS;
/** After this long what is there is told, changed or not. */
const PATIENCE_MS = 30 * MINUTE_MS;
/** What cannot be asked for that long (throttled, no answer) is given up, and the event says so. */
const GIVE_UP_MS = 24 * 60 * MINUTE_MS;

const NAMESPACE = '/aws/sagemaker/TrainingJobs';
const INSTANCE_METRICS = [
  'CPUUtilization',
  'MemoryUtilization',
  'GPUUtilization',
  'GPUMemoryUtilization',
  'DiskUtilization',
];
/** Of large clusters the first ones: CloudWatch bills each metric, and a payload holds 256 KiB. */
const INSTANCES_MAX = 8;
const METRICS_MAX = 40;
const POINTS_MAX = 6_000;

export interface SeriesQuery {
  name: string;
  dimension: { Name: string; Value: string };
}
/** Points of one query: seconds since the window's start, and the mean of the period. */
export type Points = [number, number][];

/** What is wanted of a job that has just been told; null of one that never trained. */
export function wishFor(job: TrainingJob, tags: Record<string, string>, observer: Observer): MetricsWish | null {
  const { settings } = observer;
  const startedAt = rfc3339(job.TrainingStartTime);
  const endedAt = rfc3339(job.TrainingEndTime);
  if (!settings.captureMetrics || observer.kind !== 'LIVE' || startedAt === null || endedAt === null) return null;
  const name = job.TrainingJobName as string;
  const defined = job.AlgorithmSpecification?.MetricDefinitions?.map(({ Name }) => Name ?? '') ?? [];
  const final = job.FinalMetricDataList?.map(({ MetricName }) => MetricName ?? '') ?? [];
  return {
    arn: job.TrainingJobArn as string,
    name,
    createdAt: rfc3339(job.CreationTime) as string,
    status: job.TrainingJobStatus as string,
    startedAt,
    endedAt,
    instances: instancesOf(job),
    metrics: [...new Set([...defined, ...final])].filter((metric) => metric !== '').slice(0, METRICS_MAX),
    modelIdentity: modelIdentity({ tag: settings.modelIdentity.tag, tags, trainingJobName: name, modelName: null }),
    dueAt: plus(endedAt, LOOK_EVERY_MS),
    digest: null,
  };
}

function instancesOf({ ResourceConfig: config }: TrainingJob): number {
  const groups = config?.InstanceGroups?.reduce((sum, { InstanceCount }) => sum + (InstanceCount ?? 0), 0);
  return config?.InstanceCount ?? config?.SelectedInstanceCount ?? groups ?? 0;
}

export const namespace = NAMESPACE;

/** The algorithm's own metrics by job, the machines' by host. */
export function queriesOf({ name, metrics, instances }: MetricsWish): SeriesQuery[] {
  const own = metrics.map((metric) => ({ name: metric, dimension: { Name: 'TrainingJobName', Value: name } }));
  const hosts = Array.from({ length: Math.min(instances, INSTANCES_MAX) }, (_, index) => `${name}/algo-${index + 1}`);
  const machines = hosts.flatMap((Value) =>
    INSTANCE_METRICS.map((metric) => ({ name: metric, dimension: { Name: 'Host', Value } })),
  );
  return [...own, ...machines];
}

/** The window, a minute longer than the training as AWS's own SDK asks, and a period by which all points fit into one event. */
export function windowOf(wish: MetricsWish): { from: string; to: string; periodSeconds: number } {
  const from = minus(wish.startedAt, Date.parse(wish.startedAt) % MINUTE_MS);
  const to = plus(wish.endedAt, MINUTE_MS);
  const perSeries = Math.floor(POINTS_MAX / Math.max(queriesOf(wish).length, 1));
  return { from, to, periodSeconds: 60 * Math.max(1, Math.ceil(msBetween(from, to) / MINUTE_MS / perSeries)) };
}

export type MetricsVerdict = { settledBy: 'UNCHANGED' | 'PATIENCE' } | { lookAgain: MetricsWish };

/** Whether what was read is whole. */
export function judgeSeries(wish: MetricsWish, series: Points[], now: string): MetricsVerdict {
  const digest = createHash('sha256').update(JSON.stringify(series)).digest('hex');
  const some = series.some((points) => points.length > 0);
  if (some && digest === wish.digest) return { settledBy: 'UNCHANGED' };
  if (msBetween(wish.endedAt, now) >= PATIENCE_MS) return { settledBy: 'PATIENCE' };
  return { lookAgain: { ...wish, digest, dueAt: plus(now, LOOK_EVERY_MS) } };
}

export const isGivenUp = (wish: MetricsWish, now: string): boolean => msBetween(wish.endedAt, now) >= GIVE_UP_MS;

/** TRAINING_METRICS: a second event, later, that names the first (facts/aws §2.3). */
export function trainingMetrics(
  wish: MetricsWish,
  o: { series: Points[]; settledBy: 'UNCHANGED' | 'PATIENCE' | 'NOT_READ'; gaps: CaptureGap[] },
  observer: Observer,
): Observation {
  const { from, to, periodSeconds } = windowOf(wish);
  const series = queriesOf(wish)
    .map(({ name, dimension }, index) => ({
      metric: name,
      [dimension.Name === 'Host' ? 'host' : 'trainingJobName']: dimension.Value,
      points: o.series[index] ?? [],
    }))
    .filter(({ points }) => points.length > 0);
  return {
    ...observedBy(observer),
    fact: facts.trainingMetrics(wish.arn, wish.createdAt),
    eventType: 'TRAINING_METRICS',
    source: 'AWS_SAGEMAKER',
    severity: 'INFO',
    timestamp: wish.endedAt,
    payload: hashable({
      trainingJobName: wish.name,
      trainingJobArn: wish.arn,
      trainingJobStatus: wish.status,
      createdAt: wish.createdAt,
      trainingEventFact: facts.training(wish.arn, wish.createdAt, wish.status),
      namespace: NAMESPACE,
      statistic: 'Average',
      from,
      to,
      periodSeconds,
      series,
      settledBy: o.settledBy,
      instancesLeftOut: Math.max(0, wish.instances - INSTANCES_MAX),
      modelIdentity: wish.modelIdentity,
      captureGaps: o.gaps,
    }) as JsonObject,
  };
}
