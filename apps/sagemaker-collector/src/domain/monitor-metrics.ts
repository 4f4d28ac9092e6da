import type { Statistic } from './monitor-report';

/** What a monitor put into CloudWatch, at the detail level below its report. */
export interface MetricValue {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
  value: number;
}

/** The documents disagree on names: they are tried in this order until one has metrics of the schedule (facts/aws §4.3). */
const NAMESPACES: Record<string, string[]> = {
  DATA_QUALITY: [
    'aws/sagemaker/Endpoints/data-metrics',
    '/aws/sagemaker/Endpoints/data-metrics',
    '/aws/sagemaker/Endpoints/data-metric',
    '/aws/sagemaker/Endpoint/data-metrics',
    'aws/sagemaker/ModelMonitoring/data-metrics',
  ],
  MODEL_QUALITY: ['aws/sagemaker/Endpoints/model-metrics', 'aws/sagemaker/ModelMonitoring/model-metrics'],
  BIAS_DRIFT: ['aws/sagemaker/Endpoints/bias-metrics', 'aws/sagemaker/ModelMonitoring/bias-metrics'],
  FEATURE_ATTRIBUTION_DRIFT: [
    'aws/sagemaker/Endpoints/explainability-metrics',
    'aws/sagemaker/ModelMonitoring/explainability-metrics',
  ],
};
export const SCHEDULE_DIMENSIONS = ['MonitoringSchedule', 'ScheduleName'] as const;

export const namespacesOf = (monitoringType: string | null): string[] =>
  monitoringType === null ? Object.values(NAMESPACES).flat() : (NAMESPACES[monitoringType] ?? []);

const DRIFT = 'feature_baseline_drift_';
const MEAN = 'feature_data_';
/** CloudWatch bills each metric that is read. */
const METRICS_MAX = 100;

/** Of all that a monitor emits, what tells a drift; counts and completeness stay where they are. */
export function worthReading<M extends { MetricName?: string | undefined }>(metrics: M[]): M[] {
  const name = ({ MetricName = '' }: M): string => MetricName;
  const drifts = metrics.filter((metric) => name(metric).startsWith(DRIFT));
  const means = metrics.filter((metric) => name(metric).startsWith(MEAN));
  const others = metrics.filter((metric) => !/^feature_(?!attribution)/.test(name(metric)));
  return (drifts.length > 0 ? [...drifts, ...means] : others.length > 0 ? others : metrics).slice(0, METRICS_MAX);
}

/** What CloudWatch alone shows of the largest deviation. No threshold stands there, so nothing follows for the severity. */
export function leadingMetric(
  values: MetricValue[],
): { feature: string | null; metric: string; drift: number; current: Statistic | null } | null {
  const drifts = values.filter(({ name }) => name.startsWith(DRIFT));
  const [leading] = (drifts.length > 0 ? drifts : values.filter(({ name }) => name.startsWith('bias_metric_'))).sort(
    (a, b) => Math.abs(b.value) - Math.abs(a.value) || (a.name < b.name ? -1 : 1),
  );
  if (!leading) return null;
  const isDrift = leading.name.startsWith(DRIFT);
  const feature = isDrift ? leading.name.slice(DRIFT.length) : (leading.dimensions['Facet'] ?? null);
  const mean = values.find(({ name }) => isDrift && name === `${MEAN}${feature}`);
  return {
    feature,
    metric: leading.name,
    drift: leading.value,
    current: mean ? { mean: mean.value, stddev: null } : null,
  };
}
