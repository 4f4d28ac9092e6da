import { once } from 'node:events';
import type { Response } from 'express';

/** A long answer that is written no faster than it is read, and ends when its reader goes or the gateway stops. */
export class Outlet {
  private readonly gone = new AbortController();
  readonly closed: AbortSignal;

  constructor(
    private readonly response: Response,
    shutdown: AbortSignal,
  ) {
    this.closed = AbortSignal.any([this.gone.signal, shutdown]);
    response.once('close', () => this.gone.abort());
  }

  get isOpen(): boolean {
    return !this.closed.aborted;
  }

  /** Does nothing any more once the reader is gone. */
  async write(text: string): Promise<void> {
    if (!this.isOpen || this.response.write(text)) return;
    await once(this.response, 'drain', { signal: this.closed }).catch(() => undefined);
  }
}
