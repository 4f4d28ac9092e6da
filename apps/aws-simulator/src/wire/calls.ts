/** One AWS call as it was answered. Times by the machine's clock: call budgets are kept there. */
export interface AnsweredCall {
  at: number;
  operation: string;
  caller: string;
  /** HTTP status; 0 when the connection was cut. */
  status: number;
  error: string | null;
  /** Of the SDK's header `amz-sdk-request`; 1 without it. */
  attempt: number;
  requestId: string;
}

interface Tally {
  calls: number;
  errors: Record<string, number>;
  retries: number;
  /** The most calls in any span of one second. */
  peakPerSecond: number;
}

const RECENT_MAX = 1000;

/** Counts what callers did, for tests and for the curious. It is memory: a restart begins at zero. */
export class Calls {
  private since = 0;
  private total = 0;
  private readonly operations = new Map<string, Tally>();
  private readonly callers = new Map<string, Record<string, number>>();
  private readonly lastSecond = new Map<string, number[]>();
  private recent: AnsweredCall[] = [];

  constructor(now: number) {
    this.since = now;
  }

  add(call: AnsweredCall): void {
    this.total += 1;
    const tally = this.operations.get(call.operation) ?? { calls: 0, errors: {}, retries: 0, peakPerSecond: 0 };
    tally.calls += 1;
    if (call.error !== null) tally.errors[call.error] = (tally.errors[call.error] ?? 0) + 1;
    if (call.attempt > 1) tally.retries += 1;
    tally.peakPerSecond = Math.max(tally.peakPerSecond, this.inLastSecond(call));
    this.operations.set(call.operation, tally);
    const caller = this.callers.get(call.caller) ?? {};
    caller[call.operation] = (caller[call.operation] ?? 0) + 1;
    this.callers.set(call.caller, caller);
    this.recent.push(call);
    if (this.recent.length > 2 * RECENT_MAX) this.recent = this.recent.slice(-RECENT_MAX);
  }

  private inLastSecond(call: AnsweredCall): number {
    const times = (this.lastSecond.get(call.operation) ?? []).filter((at) => at > call.at - 1000);
    times.push(call.at);
    this.lastSecond.set(call.operation, times);
    return times.length;
  }

  view(recentMax: number) {
    return {
      since: new Date(this.since).toISOString(),
      total: this.total,
      byOperation: Object.fromEntries([...this.operations].sort(([a], [b]) => (a < b ? -1 : 1))),
      byCaller: Object.fromEntries(this.callers),
      recent: recentMax === 0 ? [] : this.recent.slice(-recentMax),
    };
  }

  reset(now: number): void {
    this.since = now;
    this.total = 0;
    this.recent = [];
    for (const map of [this.operations, this.callers, this.lastSecond]) map.clear();
  }
}
