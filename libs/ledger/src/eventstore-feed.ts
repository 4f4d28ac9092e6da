import type { Readable } from 'node:stream';
import type { RecordedEvent, ResolvedEvent } from '@eventstore/db-client';

/** One subscription of the client. It ends for good when the connection breaks. */
export type Subscription = Readable & { unsubscribe: () => Promise<void> };

/** The events of one subscription, one by one, and among them, in its place, the server's word that there are no more for now. */
export class EventStoreFeed {
  private failure: Error | null = null;
  private ended = false;
  private changed = Promise.withResolvers<void>();
  /** Events that had come before the server said "caught up" and are not handed over yet; null: it has not said so. */
  private ahead: number | null = null;
  private isToldCaughtUp = false;
  private readonly end = (): void => {
    this.ended = true;
    this.changed.resolve();
  };

  constructor(
    private readonly subscription: Subscription,
    private readonly signal: AbortSignal,
  ) {
    // The client tells this when it reads it, though events before it may still wait in its buffer.
    subscription.on('caughtUp', () => {
      this.ahead ??= subscription.readableLength;
      this.changed.resolve();
    });
    subscription.on('readable', () => this.changed.resolve());
    subscription.on('error', (error: Error) => {
      this.failure = error;
      this.end();
    });
    subscription.on('end', this.end);
    subscription.on('close', this.end);
    signal.addEventListener('abort', this.end, { once: true });
    if (signal.aborted) this.end();
  }

  /** Null: the signal was given, or the server ended the subscription. Throws the client's error when it broke. */
  async next(): Promise<RecordedEvent | 'caught up' | null> {
    for (;;) {
      if (this.signal.aborted) return null;
      if (this.failure !== null) throw this.failure;
      if (this.ahead === 0 && !this.isToldCaughtUp) {
        this.isToldCaughtUp = true;
        return 'caught up';
      }
      this.changed = Promise.withResolvers<void>();
      const resolved = this.subscription.read() as ResolvedEvent | null;
      if (resolved !== null) {
        if (this.ahead !== null && this.ahead > 0) this.ahead -= 1;
        if (resolved.event) return resolved.event;
        continue;
      }
      if (this.ended) return null;
      await this.changed.promise;
    }
  }

  close(): void {
    this.signal.removeEventListener('abort', this.end);
    // It rejects when the connection was never made: then there is nothing to leave.
    this.subscription.unsubscribe().catch(() => undefined);
    this.subscription.destroy();
  }
}
