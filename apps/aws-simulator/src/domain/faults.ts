/** What is broken on purpose. Rates are shares of calls, from 0 to 1. */
export interface Faults {
  /** The n-th call after this was set meets the same fate in every run with the same seed. */
  seed: number;
  throttleRate: number;
  /** The name under which callers are throttled; null: the service's own. */
  throttleAs: ThrottleName | null;
  /** An answer with an empty body. */
  errorRate: number;
  /** Its HTTP status, 500 to 599. */
  errorStatus: number;
  /** The connection is cut without an answer. */
  unreachableRate: number;
  latencyMs: number;
  /** Operations that the rates and the latency apply to; empty: all. */
  operations: string[];
  /** IAM actions that are denied whatever the policy says; `*` and `?` are understood. */
  denyActions: string[];
  /** Added to the clock in the `Date` header of every AWS answer. */
  clockSkewMs: number;
}

/** Under so many names AWS's services say "too fast" (facts of the SDKs' retry classifiers), each with the HTTP status that goes with it. */
export const THROTTLE_NAMES = {
  ThrottlingException: 400,
  Throttling: 400,
  ThrottledException: 400,
  RequestThrottled: 400,
  RequestThrottledException: 400,
  TooManyRequestsException: 429,
  ProvisionedThroughputExceededException: 400,
  TransactionInProgressException: 400,
  RequestLimitExceeded: 503,
  BandwidthLimitExceeded: 509,
  LimitExceededException: 400,
  SlowDown: 503,
  PriorRequestNotComplete: 400,
  EC2ThrottledException: 503,
} as const;
export type ThrottleName = keyof typeof THROTTLE_NAMES;

export const NO_FAULTS: Faults = {
  seed: 1,
  throttleRate: 0,
  throttleAs: null,
  errorRate: 0,
  errorStatus: 503,
  unreachableRate: 0,
  latencyMs: 0,
  operations: [],
  denyActions: [],
  clockSkewMs: 0,
};

export type Fate = 'unreachable' | 'error' | 'throttle' | null;

export function fateOf(faults: Faults, operation: string, ordinal: number): Fate {
  if (!concerns(faults, operation)) return null;
  const chance = uniform(faults.seed, ordinal);
  if (chance < faults.unreachableRate) return 'unreachable';
  if (chance < faults.unreachableRate + faults.errorRate) return 'error';
  if (chance < faults.unreachableRate + faults.errorRate + faults.throttleRate) return 'throttle';
  return null;
}

export const concerns = (faults: Faults, operation: string): boolean =>
  faults.operations.length === 0 || faults.operations.includes(operation);

/** A number in [0, 1) that depends on nothing but its arguments: two rounds of a 32-bit mixer. */
export function uniform(seed: number, ordinal: number): number {
  let x = (seed ^ Math.imul(ordinal + 1, 0x9e3779b1)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/** How many calls a second AWS takes of one operation (null: no limit), and how its reads look. */
export interface Limits {
  listPerSecond: number | null;
  describePerSecond: number | null;
  /** How many calls may come at once before the rate holds. */
  burst: number;
  /** A new resource is left out of lists this long: reads are eventually consistent. */
  visibilityDelayMs: number;
  /** Describe does not know a new job or endpoint this long, whatever the list shows: another replica answers. */
  describeDelayMs: number;
  /** Lists of jobs show what ended less than this long ago as still running. */
  staleListMs: number;
  /** False: ListProcessingJobs leaves ExitMessage out, as AWS may. */
  exitMessageInLists: boolean;
  tokenLifetimeSeconds: number;
  /** By operation: so many pages come back empty, each with a NextToken, before the first that holds anything. */
  emptyPages: Record<string, number>;
  /** Pages of lists hold so many at the most, whatever MaxResults asks for. Null: as many as asked for. */
  pageItemsMax: number | null;
  /** The last page of a list is empty, and only then the token is missing. */
  emptyLastPage: boolean;
  /** ListMetrics does not show a new metric this long. */
  metricDelayMs: number;
  /** A page of GetMetricData holds so many points; what goes on is PartialData. Null: all of them. */
  metricPointsPerPage: number | null;
}

export const NO_LIMITS: Limits = {
  listPerSecond: null,
  describePerSecond: null,
  burst: 2,
  visibilityDelayMs: 0,
  describeDelayMs: 0,
  staleListMs: 0,
  exitMessageInLists: true,
  tokenLifetimeSeconds: 86_400,
  emptyPages: {},
  pageItemsMax: null,
  emptyLastPage: false,
  metricDelayMs: 0,
  metricPointsPerPage: null,
};

/** One token bucket for each operation and region. It runs by real time: whoever calls lives there. */
export class Buckets {
  private readonly levels = new Map<string, { tokens: number; at: number }>();

  take(key: string, perSecond: number, o: { burst: number; nowMs: number }): boolean {
    const bucket = this.levels.get(key) ?? { tokens: o.burst, at: o.nowMs };
    const tokens = Math.min(o.burst, bucket.tokens + (Math.max(0, o.nowMs - bucket.at) / 1000) * perSecond);
    const taken = tokens >= 1;
    this.levels.set(key, { tokens: taken ? tokens - 1 : tokens, at: o.nowMs });
    return taken;
  }
}

export function rateOf(limits: Limits, operation: string): number | null {
  return operation.startsWith('List') ? limits.listPerSecond : limits.describePerSecond;
}
