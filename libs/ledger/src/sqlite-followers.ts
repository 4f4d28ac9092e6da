import type { FollowOptions, FollowTarget, StoredEvent } from './ledger';
import { whenThere } from './when-there';

const WATCH_MS = 50;

export interface FollowedStore {
  /** SQLite's data_version: changes when another connection has committed. */
  version: () => number;
  page: (target: FollowTarget, after: number) => StoredEvent[];
}

/** All followers of one connection share one timer, which looks at one number every 50 ms. */
export class SqliteFollowers {
  private readonly waiting = new Set<() => void>();
  private readonly running = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private seen = -1;

  constructor(private readonly store: FollowedStore) {}

  follow(
    target: FollowTarget,
    handle: (event: StoredEvent) => Promise<void> | void,
    options: FollowOptions,
  ): Promise<void> {
    const run = this.run(target, handle, options);
    this.running.add(run);
    run.then(
      () => this.running.delete(run),
      () => this.running.delete(run),
    );
    return run;
  }

  /** This connection appended: data_version does not show it. */
  wake(): void {
    for (const go of [...this.waiting]) go();
  }

  /** Followers end after the event in hand. */
  async close(): Promise<void> {
    this.closing.abort();
    this.wake();
    await Promise.allSettled(this.running);
    if (this.timer) clearInterval(this.timer);
  }

  private async run(
    target: FollowTarget,
    handle: (event: StoredEvent) => Promise<void> | void,
    options: FollowOptions,
  ): Promise<void> {
    const signal = AbortSignal.any([options.signal, this.closing.signal]);
    let after = 'stream' in target ? target.afterRevision : Number(target.afterPosition ?? 0);
    let caughtUp = false;
    while (!signal.aborted) {
      // Taken before the page is read: what commits in between wakes us again.
      const woken = this.nextChange(signal);
      const page = await this.pageWhenThere(target, after, signal);
      if (signal.aborted) return;
      for (const event of page) {
        if (signal.aborted) return;
        await handle(event);
        after = 'stream' in target ? event.revision : Number(event.position);
      }
      if (page.length > 0) continue;
      if (!caughtUp) options.onCaughtUp?.();
      caughtUp = true;
      await woken;
    }
  }

  /** A file that is busy or cannot be read for a while is asked again, as a server that is away would be; what is damaged stays so. */
  private async pageWhenThere(target: FollowTarget, after: number, signal: AbortSignal): Promise<StoredEvent[]> {
    const read = async (): Promise<StoredEvent[]> => this.store.page(target, after);
    return (await whenThere(read, { signal, onAway: () => undefined })) ?? [];
  }

  private nextChange(signal: AbortSignal): Promise<void> {
    this.watch();
    return new Promise((resolve) => {
      const go = (): void => {
        this.waiting.delete(go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      this.waiting.add(go);
      signal.addEventListener('abort', go, { once: true });
    });
  }

  private watch(): void {
    this.timer ??= setInterval(() => this.look(), WATCH_MS);
  }

  private look(): void {
    if (this.waiting.size === 0) return;
    try {
      const version = this.store.version();
      if (version === this.seen) return;
      this.seen = version;
    } catch {
      // Followers meet the same error when they read, and it is theirs to report.
    }
    this.wake();
  }
}
