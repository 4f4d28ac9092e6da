import { Conflict, Corrupt, Rejected, Unavailable } from '@audital/contracts';

/** What becomes of a message whose handling failed. */
export type Verdict =
  /** The message is not at fault: it comes again, for as long as it takes. */
  | { kind: 'wait'; delayMs: number }
  /** It may be at fault: it comes again, and this counts against it. */
  | { kind: 'retry'; delayMs: number }
  /** The history does not verify: it waits for a person. */
  | { kind: 'alarm'; delayMs: number }
  | { kind: 'dead'; reason: string };

export interface RetryDelays {
  /** After the first failure; each further one doubles it. */
  firstMs: number;
  maxMs: number;
}

export const RETRY_DELAYS: RetryDelays = { firstMs: 250, maxMs: 30_000 };
export const FAILURES_MAX = 5;
const CORRUPT_DELAY_MS = 60_000;

/** `failures`: how often the message has failed for an unknown reason, this time included when it is one. */
export function verdictOf(error: unknown, o: { deliveries: number; failures: number; delays: RetryDelays }): Verdict {
  if (error instanceof Rejected) return { kind: 'dead', reason: `${error.code}: ${error.message}` };
  if (error instanceof Corrupt) return { kind: 'alarm', delayMs: Math.max(CORRUPT_DELAY_MS, o.delays.maxMs) };
  if (isPassing(error)) return { kind: 'wait', delayMs: growing(o.deliveries, o.delays) };
  if (o.failures >= FAILURES_MAX) return { kind: 'dead', reason: `failed ${o.failures} times: ${reasonOf(error)}` };
  return { kind: 'retry', delayMs: growing(o.failures, o.delays) };
}

/** It says nothing against the message: a dependency is away, or somebody wrote first. */
export const isPassing = (error: unknown): boolean => error instanceof Unavailable || error instanceof Conflict;

/** Whether it is one of the four errors; anything else is a bug in the handler, or a message that finds one. */
export const isKnown = (error: unknown): boolean =>
  isPassing(error) || error instanceof Rejected || error instanceof Corrupt;

export const growing = (times: number, { firstMs, maxMs }: RetryDelays): number =>
  Math.min(firstMs * 2 ** Math.min(Math.max(times - 1, 0), 20), maxMs);

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
