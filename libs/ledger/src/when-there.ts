import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '@audital/contracts';

const FIRST_MS = 100;
const MAX_MS = 10_000;

/**
 * Does the work as soon as the ledger is there: again after each `Unavailable`, with growing delay, until the signal. `onAway` hears of each.
 * Any other error ends it. Resolves with null when the signal was given first.
 */
export async function whenThere<T>(
  work: () => Promise<T>,
  { signal, onAway }: { signal: AbortSignal; onAway: (reason: string, delayMs: number) => void },
): Promise<T | null> {
  for (let delayMs = FIRST_MS; !signal.aborted; delayMs = Math.min(delayMs * 2, MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      onAway(error.message, delayMs);
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}
