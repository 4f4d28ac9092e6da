import type { JsonObject } from '../domain/json';
import { type Json, seconds } from '../domain/json';
import type { Datapoint, Metric } from '../domain/metrics';
import { AwsError } from '../domain/refused';
import { isObject } from '../domain/shape';
import { enumIn, requiredText, textIn, timeIn } from './input';
import type { Call, Operation } from './operation';
import { issueToken, readToken } from './page-token';

const QUERIES_MAX = 500;
const METRICS_PER_PAGE = 500;
const THREE_HOURS_MS = 3 * 3_600_000;
const TWO_WEEKS_MS = 14 * 86_400_000;

const invalid = (message: string): AwsError =>
  new AwsError('InvalidParameterValueException', message, { queryCode: 'InvalidParameterValue' });

const listMetrics: Operation = {
  action: 'cloudwatch:ListMetrics',
  resource: () => '*',
  run: (call) => {
    const { region, input, now } = call;
    const namespace = textIn(input, 'Namespace');
    const name = textIn(input, 'MetricName');
    const wanted = dimensionsOf(input['Dimensions']);
    if (wanted.length > 10) throw invalid('At most 10 dimension filters are allowed.');
    const recent = enumIn(input, 'RecentlyActive', ['PT3H']) === null ? TWO_WEEKS_MS : THREE_HOURS_MS;
    const found = region.metrics
      .all()
      .filter(
        (metric) =>
          (namespace === null || metric.namespace === namespace) &&
          (name === null || metric.name === name) &&
          wanted.every((filter) => matches(metric, filter)) &&
          isShown(metric, call) &&
          metric.points.some((point) => point.at > now - recent && point.at <= now),
      );
    const from = readToken('ListMetrics', call)?.ordinal ?? 0;
    const to = from + METRICS_PER_PAGE;
    const page: JsonObject = { Metrics: found.slice(from, to).map(metricOf) };
    if (found.length > to) page['NextToken'] = issueToken('ListMetrics', call, { key: '', ordinal: to });
    return page;
  },
};

const isShown = ({ points }: Metric, { account, now }: Call): boolean =>
  (points[0]?.at ?? now) + account.limits.metricDelayMs <= now;

const metricOf = ({ namespace, name, dimensions }: Metric): Json => ({
  Namespace: namespace,
  MetricName: name,
  Dimensions: dimensions.map((dimension) => ({ Name: dimension.name, Value: dimension.value })),
});

/** A filter without a value asks for the dimension whatever its value. */
const matches = (metric: Metric, filter: { name: string; value: string | null }): boolean =>
  metric.dimensions.some(
    ({ name, value }) => name === filter.name && (filter.value === null || value === filter.value),
  );

function dimensionsOf(given: Json | undefined): { name: string; value: string | null }[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw invalid('Dimensions must be a list.');
  return given.map((dimension) => {
    if (!isObject(dimension)) throw invalid('A dimension must have a Name.');
    return { name: requiredText(dimension, 'Name'), value: textIn(dimension, 'Value') };
  });
}

const getMetricData: Operation = {
  action: 'cloudwatch:GetMetricData',
  resource: () => '*',
  run: (call) => {
    const { input } = call;
    const from = timeIn(input, 'StartTime');
    const to = timeIn(input, 'EndTime');
    if (from === null || to === null) throw invalid('The parameters StartTime and EndTime are required.');
    if (from >= to) throw invalid('The parameter StartTime must be less than the parameter EndTime.');
    const queries = input['MetricDataQueries'];
    if (!Array.isArray(queries) || queries.length === 0 || !queries.every(isObject)) {
      throw invalid('The parameter MetricDataQueries is required.');
    }
    if (queries.length > QUERIES_MAX)
      throw invalid(`The collection MetricDataQueries must not have a size greater than ${QUERIES_MAX}.`);
    const ascending = enumIn(input, 'ScanBy', ['TimestampDescending', 'TimestampAscending']) === 'TimestampAscending';
    return pageOf(
      call,
      queries.map((query) => resultOf(call, query, { from, to, ascending })),
    );
  },
};

interface Result {
  Id: string;
  Label: string;
  Timestamps: number[];
  Values: number[];
}

/** All points of all queries are one sequence, which is cut into pages; of a query that goes on, the page has PartialData. */
function pageOf(call: Call, results: Result[]): JsonObject {
  const from = readToken('GetMetricData', call)?.ordinal ?? 0;
  const to = from + (call.account.limits.metricPointsPerPage ?? Infinity);
  let end = 0;
  const page = results.flatMap((result): Json[] => {
    const begin = end;
    end += result.Values.length;
    const [first, last] = [Math.max(from - begin, 0), Math.max(Math.min(to, end) - begin, 0)];
    // What has no points at all is told once, on the first page.
    if (last <= first && !(from === 0 && begin === end)) return [];
    const { Timestamps, Values } = result;
    const part = { Timestamps: Timestamps.slice(first, last), Values: Values.slice(first, last) };
    return [{ ...result, ...part, StatusCode: last < Values.length ? 'PartialData' : 'Complete' }];
  });
  const whole: JsonObject = { MetricDataResults: page, Messages: [] };
  return to < end ? { ...whole, NextToken: issueToken('GetMetricData', call, { key: '', ordinal: to }) } : whole;
}

const DAY_MS = 86_400_000;
/** Points of a minute live 15 days, of five minutes 63 days, of an hour 455 days. */
const keptFor = (periodSeconds: number): number =>
  (periodSeconds < 300 ? 15 : periodSeconds < 3600 ? 63 : 455) * DAY_MS;

function resultOf(call: Call, query: JsonObject, o: { from: number; to: number; ascending: boolean }): Result {
  const id = requiredText(query, 'Id');
  const stat = query['MetricStat'];
  if (!isObject(stat) || !isObject(stat['Metric'])) {
    throw invalid(`Only MetricStat is understood here; ${id} has none (expressions are not evaluated).`);
  }
  const { Metric: wanted, Period: period } = stat;
  if (typeof period !== 'number' || period <= 0 || period % 60 !== 0) {
    throw invalid('The parameter Period must be a multiple of 60.');
  }
  const name = requiredText(wanted, 'MetricName');
  const dimensions = dimensionsOf(wanted['Dimensions']).map((one) => ({ name: one.name, value: one.value ?? '' }));
  const metric = call.region.metrics.find(requiredText(wanted, 'Namespace'), name, dimensions);
  const periodMs = period * 1000;
  // The start is rounded down to the period and inclusive; the end is exclusive.
  const from = Math.max(Math.floor(o.from / periodMs) * periodMs, call.now - keptFor(period));
  const points = (metric?.points ?? []).filter(({ at }) => at >= from && at < o.to && at <= call.now);
  const buckets = [...Map.groupBy(points, ({ at }: Datapoint) => Math.floor(at / periodMs) * periodMs)];
  buckets.sort(([a], [b]) => (o.ascending ? a - b : b - a));
  const statistic = requiredText(stat, 'Stat');
  return {
    Id: id,
    Label: textIn(query, 'Label') ?? name,
    Timestamps: buckets.map(([at]) => seconds(at)),
    Values: buckets.map(([, inBucket]) =>
      aggregate(
        statistic,
        inBucket.map(({ value }) => value),
      ),
    ),
  };
}

function aggregate(statistic: string, values: number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (statistic) {
    case 'Average':
      return sum / values.length;
    case 'Sum':
      return sum;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
    case 'SampleCount':
      return values.length;
    default:
      throw invalid(`The value ${statistic} for parameter Stat is not supported.`);
  }
}

export const cloudWatchOperations: Record<string, Operation> = {
  ListMetrics: listMetrics,
  GetMetricData: getMetricData,
};
