import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '@audital/contracts';
import { AccessDenied } from './eventstore-errors';
import { toStoredEvent } from './eventstore-events';
import { EventStoreFeed, type Subscription } from './eventstore-feed';
import type { FollowOptions, FollowTarget, StoredEvent } from './ledger';

export interface FollowedServer {
  subscribe: (target: FollowTarget) => Subscription;
  /** What an error of a subscription means. */
  explain: (error: unknown, target: FollowTarget) => unknown;
}

const RETRY_MS = [100, 250, 1_000, 2_500, 5_000];

/** Follows over any number of subscriptions: each begins after the last event that was handled. */
export async function follow(
  server: FollowedServer,
  target: FollowTarget,
  handle: (event: StoredEvent) => Promise<void> | void,
  options: FollowOptions,
): Promise<void> {
  const progress = { target, failures: 0, caughtUp: false };
  while (!options.signal.aborted) {
    try {
      await followOnce(server, progress, handle, options);
    } catch (error) {
      if (error instanceof HandlerFailed) throw error.cause;
      if (options.signal.aborted) return;
      const meaning = server.explain(error, progress.target);
      // Who may not read must hear of it; everything else passes.
      if (!(meaning instanceof Unavailable) || meaning instanceof AccessDenied) throw meaning;
    }
    const retryMs = RETRY_MS[Math.min(progress.failures, RETRY_MS.length - 1)];
    progress.failures += 1;
    await delay(retryMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

interface Progress {
  /** Where the next subscription begins. */
  target: FollowTarget;
  failures: number;
  caughtUp: boolean;
}

class HandlerFailed extends Error {}

async function followOnce(
  server: FollowedServer,
  progress: Progress,
  handle: (event: StoredEvent) => Promise<void> | void,
  { signal, onCaughtUp }: FollowOptions,
): Promise<void> {
  const feed = new EventStoreFeed(server.subscribe(progress.target), signal);
  try {
    for (let next = await feed.next(); next !== null; next = await feed.next()) {
      progress.failures = 0;
      if (next === 'caught up') {
        if (!progress.caughtUp) onCaughtUp?.();
        progress.caughtUp = true;
        continue;
      }
      const event = toStoredEvent(next);
      // The server's own events, such as the one that deletes a stream, are nobody's.
      if (!event.type.startsWith('$')) await handled(event, handle);
      progress.target = after(progress.target, event);
    }
  } finally {
    feed.close();
  }
}

async function handled(event: StoredEvent, handle: (event: StoredEvent) => Promise<void> | void): Promise<void> {
  try {
    await handle(event);
  } catch (cause) {
    throw new HandlerFailed('handle threw', { cause });
  }
}

function after(target: FollowTarget, event: StoredEvent): FollowTarget {
  if ('stream' in target) return { ...target, afterRevision: event.revision };
  return { ...target, afterPosition: event.position };
}
