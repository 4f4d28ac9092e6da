import { setTimeout as delay } from 'node:timers/promises';

/** Lets work take a share of one core: after each piece it rests for as long as the rest of the share is. The event loop always gets its turn. */
export class Throttle {
  private resumedAt = performance.now();

  constructor(
    /** From above 0 to 1. */
    private readonly share: number,
    private readonly signal: AbortSignal,
  ) {}

  async rest(): Promise<void> {
    const busyMs = performance.now() - this.resumedAt;
    const restMs = (busyMs * (1 - this.share)) / this.share;
    if (restMs < 1) await new Promise((resolve) => setImmediate(resolve));
    else await delay(restMs, undefined, { signal: this.signal }).catch(() => undefined);
    this.resumedAt = performance.now();
  }
}
