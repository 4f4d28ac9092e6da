import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '@audital/contracts';
import type { FollowTarget, Ledger, StoredEvent } from '@audital/ledger';
import type { Log } from './log';

const RETRY_MS = [200, 1_000, 5_000];

/**
 * Follows the ledger until the signal, over times when it is away. `from` is asked again after each break, so it must name the place after
 * the last event that was handled. What `handle` throws is a bug, and ends the process through the caller; Unavailable does not.
 */
export async function followThroughBreaks(o: {
  ledger: Ledger;
  from: () => FollowTarget;
  handle: (event: StoredEvent) => Promise<void> | void;
  signal: AbortSignal;
  onCaughtUp: () => void;
  log: Log;
}): Promise<void> {
  let failures = 0;
  while (!o.signal.aborted) {
    const target = o.from();
    try {
      await o.ledger.follow(
        target,
        async (event) => {
          await o.handle(event);
          failures = 0;
        },
        { signal: o.signal, onCaughtUp: o.onCaughtUp },
      );
      return;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      const retryMs = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] as number;
      failures += 1;
      o.log.warn(
        { ...target, retryMs, reason: error.message },
        'The ledger is away; following goes on when it is back.',
      );
      await delay(retryMs, undefined, { signal: o.signal }).catch(() => undefined);
    }
  }
}

/** Hands over what stands after a place right now, and returns. */
export async function readTail(o: {
  ledger: Ledger;
  target: FollowTarget;
  handle: (event: StoredEvent) => void;
  timeoutMs: number;
}): Promise<void> {
  const done = new AbortController();
  const timeout = setTimeout(() => done.abort(), o.timeoutMs);
  let caughtUp = false;
  const onCaughtUp = (): void => {
    caughtUp = true;
    done.abort();
  };
  try {
    await o.ledger.follow(o.target, o.handle, { signal: done.signal, onCaughtUp });
  } finally {
    clearTimeout(timeout);
  }
  if (!caughtUp) throw new Unavailable('ledger', `The end of the ledger was not reached within ${o.timeoutMs} ms.`);
}
