import { command } from './command';
import { instant, list, numberBetween, optional, record, shape, text } from './shape';

export interface Datapoint {
  at: number;
  value: number;
}

export interface Metric {
  namespace: string;
  name: string;
  dimensions: { name: string; value: string }[];
  /** In order of time. */
  points: Datapoint[];
}

/** CloudWatch: a metric is its namespace, name and exact set of dimensions. */
export class MetricStore {
  private readonly metrics = new Map<string, Metric>();

  put(namespace: string, name: string, dimensions: Record<string, string>, point: Datapoint): void {
    const sorted = Object.entries(dimensions)
      .map(([dimension, value]) => ({ name: dimension, value }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const key = keyOf(namespace, name, sorted);
    const metric = this.metrics.get(key) ?? { namespace, name, dimensions: sorted, points: [] };
    metric.points.push(point);
    metric.points.sort((a, b) => a.at - b.at);
    this.metrics.set(key, metric);
  }

  find(namespace: string, name: string, dimensions: { name: string; value: string }[]): Metric | null {
    const sorted = [...dimensions].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.metrics.get(keyOf(namespace, name, sorted)) ?? null;
  }

  all(): Metric[] {
    return [...this.metrics.values()];
  }
}

const keyOf = (namespace: string, name: string, dimensions: { name: string; value: string }[]): string =>
  JSON.stringify([namespace, name, dimensions.map((dimension) => [dimension.name, dimension.value])]);

const FINITE = 1e300;

export const metricCommands = {
  putMetricData: command(
    {
      namespace: text,
      metrics: list(
        shape({ name: text, dimensions: record(text), value: numberBetween(-FINITE, FINITE), at: optional(instant) }),
      ),
    },
    ({ region, at }, { namespace, metrics }) => {
      for (const metric of metrics) {
        region.metrics.put(namespace, metric.name, metric.dimensions, { at: metric.at ?? at, value: metric.value });
      }
    },
  ),
};
