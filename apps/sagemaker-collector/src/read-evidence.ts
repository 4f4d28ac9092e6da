import type { ModelIdentity } from '@audital/contracts';
import { failureOf } from './adapters/aws-errors';
import { type MetricValue, namespacesOf, SCHEDULE_DIMENSIONS, worthReading } from './domain/monitor-metrics';
import { type AlertEvidence, monitoringType, monitoringTypeOf, type MonitoringRun } from './domain/monitors';
import type { CaptureGap } from './domain/payload';
import { plus, rfc3339 } from './domain/time';
import type { Pass } from './pass';
import { readReport } from './read-report';

/** All that can be read of a run: the report in S3, or else the metrics in CloudWatch, or else what the job itself says (DESIGN §5). */
export async function gatherEvidence(pass: Pass, run: MonitoringRun): Promise<AlertEvidence> {
  const gaps: CaptureGap[] = [];
  const report = run.outcome === 'VIOLATIONS' ? await readReport(pass, run.job, gaps) : null;
  const type = monitoringType(run, report?.violations ?? []) ?? (await askSchedule(pass, run, gaps));
  const metrics = run.outcome === 'VIOLATIONS' && !report ? await readMetrics(pass, run, { type, gaps }) : null;
  return { report, metrics, type, model: modelOf(pass, run.endpointName), gaps };
}

/** Bias and explainability run in one image: the schedule tells them apart. */
async function askSchedule(pass: Pass, run: MonitoringRun, gaps: CaptureGap[]): Promise<string | null> {
  try {
    const schedule = await pass.aws.describeMonitoringSchedule(run.scheduleName);
    return monitoringTypeOf(schedule.MonitoringType ?? schedule.MonitoringScheduleConfig?.MonitoringType);
  } catch (error) {
    addGap(gaps, error, { field: 'monitoringType', permission: 'sagemaker:DescribeMonitoringSchedule' });
    return null;
  }
}

/** Metrics are visible up to a quarter of an hour after they were written. */
const LATE_MS = 15 * 60_000;
const PERIOD_SECONDS = 60;

async function readMetrics(
  pass: Pass,
  { job, scheduleName }: MonitoringRun,
  { type, gaps }: { type: string | null; gaps: CaptureGap[] },
): Promise<MetricValue[] | null> {
  const start = Date.parse(job.Environment?.['start_time'] ?? '');
  const created = rfc3339(job.CreationTime) as string;
  const from = Number.isNaN(start) ? created : new Date(start).toISOString();
  const to = plus(rfc3339(job.ProcessingEndTime) ?? created, LATE_MS);
  try {
    const metrics = worthReading(await discover(pass, scheduleName, type));
    if (metrics.length === 0) return [];
    const queries = metrics.map((metric) => ({ metric, statistic: 'Average' }));
    const series = await pass.aws.metricSeries(queries, { from, to, periodSeconds: PERIOD_SECONDS });
    return metrics.flatMap(({ Namespace = '', MetricName = '', Dimensions = [] }, index) => {
      const last = series[index]?.at(-1);
      const dimensions = Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
      return last ? [{ namespace: Namespace, name: MetricName, dimensions, value: last.value }] : [];
    });
  } catch (error) {
    addGap(gaps, error, { field: 'metrics', permission: 'cloudwatch:ListMetrics, cloudwatch:GetMetricData' });
    return null;
  }
}

/** Which names and dimensions this account uses is found out, not assumed. */
async function discover(pass: Pass, Value: string, type: string | null) {
  for (const namespace of namespacesOf(type))
    for (const Name of SCHEDULE_DIMENSIONS) {
      const metrics = await pass.aws.listMetrics(namespace, { Name, Value });
      if (metrics.length > 0) return metrics;
    }
  return [];
}

/** What is not there, or may not be read, is a gap; what AWS could not answer now is read at the next poll. */
function addGap(gaps: CaptureGap[], error: unknown, o: { field: string; permission: string }): void {
  const failure = failureOf(error);
  if (failure !== 'DENIED' && failure !== 'NOT_FOUND') throw error;
  const denied = failure === 'DENIED';
  gaps.push({
    field: o.field,
    reason: denied ? 'ACCESS_DENIED' : 'NOT_FOUND',
    permission: denied ? o.permission : null,
  });
}

function modelOf(pass: Pass, endpointName: string | null): ModelIdentity | null {
  const fresh = pass.detected
    .flatMap(({ changes }) => changes)
    .flatMap((change) => (change.kind === 'endpoint' ? [change.snapshot] : []));
  const snapshots = [...pass.cursor.endpoints.values(), ...fresh].filter(({ name }) => name === endpointName);
  return snapshots.at(-1)?.modelIdentity ?? null;
}
