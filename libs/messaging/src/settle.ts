import { Conflict, Corrupt, Rejected, Unavailable } from '@audital/contracts';

/** What becomes of a message whose handling failed. */
export type Settlement = { kind: 'later'; delayMs: number } | { kind: 'dead'; reason: string };

const FIRST_DELAY_MS = 250;
const DELAY_MAX_MS = 30_000;
const CORRUPT_DELAY_MS = 60_000;
export const FAILURES_MAX = 5;

/**
 * A dependency that is away is waited for as long as it takes, with growing delays. A message that breaks a rule is dead at once, one
 * that fails for an unknown reason after five times. Corrupt history is nobody's message's fault: it waits for a person.
 */
export function settlementOf(error: unknown, deliveries: number): Settlement {
  if (error instanceof Rejected) return { kind: 'dead', reason: `${error.code}: ${error.message}` };
  if (error instanceof Corrupt) return { kind: 'later', delayMs: CORRUPT_DELAY_MS };
  const passing = error instanceof Unavailable || error instanceof Conflict;
  if (!passing && deliveries >= FAILURES_MAX)
    return { kind: 'dead', reason: `failed ${deliveries} times: ${reasonOf(error)}` };
  return { kind: 'later', delayMs: Math.min(FIRST_DELAY_MS * 2 ** Math.min(deliveries - 1, 10), DELAY_MAX_MS) };
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** A header holds one line. */
export const headerText = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ').slice(0, 500);
