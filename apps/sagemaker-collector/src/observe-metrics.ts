import { failureOf } from './adapters/aws-errors';
import { type MetricsWish, keyOf } from './domain/cursor';
import type { CaptureGap } from './domain/payload';
import { msBetween } from './domain/time';
import {
  isGivenUp,
  judgeSeries,
  namespace,
  type Points,
  queriesOf,
  trainingMetrics,
  windowOf,
} from './domain/training-metrics';
import type { Pass } from './pass';

/**
 * Series of jobs that were told before (captureMetrics). They hold nothing: the job's own event was sealed long ago, and a CloudWatch that
 * does not answer leaves the wish open and the poll as it is.
 */
export async function observeMetrics(pass: Pass): Promise<void> {
  for (const wish of pass.cursor.wishes.values()) {
    const settled = { kind: 'metrics-settled', key: keyOf(wish) } as const;
    if (!pass.integration.settings.captureMetrics) pass.detected.push({ observations: [], changes: [settled] });
    else if (wish.dueAt <= pass.to) await observeSeries(pass, wish);
  }
}

async function observeSeries(pass: Pass, wish: MetricsWish): Promise<void> {
  const { to: now, observer } = pass;
  const gaps: CaptureGap[] = [];
  const series = await readSeries(pass, wish, gaps);
  if (series === null && gaps.length === 0) return;
  const verdict = series === null ? { settledBy: 'NOT_READ' as const } : judgeSeries(wish, series, now);
  if ('lookAgain' in verdict) {
    pass.detected.push({ observations: [], changes: [{ kind: 'metrics-wanted', wish: verdict.lookAgain }] });
    return;
  }
  const told = trainingMetrics(wish, { series: series ?? [], settledBy: verdict.settledBy, gaps }, observer);
  pass.detected.push({ observations: [told], changes: [{ kind: 'metrics-settled', key: keyOf(wish) }] });
}

/** Null without a gap: not now. */
async function readSeries(pass: Pass, wish: MetricsWish, gaps: CaptureGap[]): Promise<Points[] | null> {
  const window = windowOf(wish);
  const queries = queriesOf(wish);
  if (queries.length === 0) return [];
  try {
    const series = await pass.aws.metricSeries(
      queries.map(({ name, dimension }) => ({
        metric: { Namespace: namespace, MetricName: name, Dimensions: [dimension] },
        statistic: 'Average',
      })),
      window,
    );
    return series.map((points) =>
      points.map(({ at, value }): [number, number] => [Math.round(msBetween(window.from, at) / 1000), value]),
    );
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'DENIED')
      gaps.push({ field: 'series', reason: 'ACCESS_DENIED', permission: 'cloudwatch:GetMetricData' });
    else if (failure === 'OTHER') throw error;
    else if (isGivenUp(wish, pass.to)) gaps.push({ field: 'series', reason: failure, permission: null });
    return null;
  }
}
