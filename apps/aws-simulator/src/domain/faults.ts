/** What is broken on purpose. Rates are shares of calls, from 0 to 1. */
export interface Faults {
  /** The n-th call after this was set meets the same fate in every run with the same seed. */
  seed: number;
  throttleRate: number;
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

export const NO_FAULTS: Faults = {
  seed: 1,
  throttleRate: 0,
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

/** How many calls a second AWS takes of one operation. Null: no limit. */
export interface Limits {
  listPerSecond: number | null;
  describePerSecond: number | null;
  /** How many calls may come at once before the rate holds. */
  burst: number;
  /** A new resource is left out of lists this long: reads are eventually consistent. */
  visibilityDelayMs: number;
  tokenLifetimeSeconds: number;
  /** By operation: so many pages come back empty, each with a NextToken, before the first that holds anything. */
  emptyPages: Record<string, number>;
}

export const NO_LIMITS: Limits = {
  listPerSecond: null,
  describePerSecond: null,
  burst: 2,
  visibilityDelayMs: 0,
  tokenLifetimeSeconds: 86_400,
  emptyPages: {},
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
