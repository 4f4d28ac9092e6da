import type { OrganisationId } from '@audital/contracts';
import type { EventFilter } from '../domain/event-filter';
import type { ChainIndex } from './chain-index';
import type { EventReader } from './event-reader';
import type { TrustKeeper } from './trust-keeper';

const PAGE = 50;
const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 2_000;

/** Where a stream is written to. */
export interface StreamOutlet {
  readonly isOpen: boolean;
  /** Given when the reader has gone or the gateway stops. */
  readonly closed: AbortSignal;
  write(text: string): Promise<void>;
}

export interface StreamRequest {
  organisationId: OrganisationId;
  filter: EventFilter;
  /** The first position; null: what comes from now on. */
  from: number | null;
  outlet: StreamOutlet;
  /** Asked at every heartbeat: a stream may outlive its key. */
  isAllowed: () => Promise<boolean>;
}

/** Events as they come, as server-sent events whose id is the chainPosition. */
export class EventStream {
  constructor(private readonly o: { index: ChainIndex; reader: EventReader; trust: TrustKeeper }) {}

  /** Resolves when the outlet is closed or the key is no longer good. */
  async run({ organisationId, filter, from, outlet, isAllowed }: StreamRequest): Promise<void> {
    await outlet.write(`retry: ${RECONNECT_MS}\n\n`);
    let next = from ?? this.covered(organisationId);
    while (outlet.isOpen) {
      // Taken before the look: a checkpoint that comes in between is not slept through.
      const change = this.nextCheckpoint(organisationId, outlet.closed);
      // Below the checkpoint only: what goes out is verified, and never has to be said again.
      const below = this.covered(organisationId);
      const query = { organisationId, filter, order: 'ASC' as const, after: next - 1, below, limit: PAGE };
      const positions = next < below ? this.o.index.find(query) : [];
      for (const event of await this.o.reader.views(organisationId, positions)) {
        await outlet.write(`id: ${event.chainPosition}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      const isWhole = positions.length < PAGE;
      next = isWhole ? Math.max(next, below) : (positions.at(-1) as number) + 1;
      if (!isWhole) change.stop();
      else if ((await change.happened) === 'QUIET') {
        if (!(await isAllowed())) return;
        await outlet.write(': still here\n\n');
      }
    }
  }

  private covered(organisationId: OrganisationId): number {
    return this.o.trust.pin(organisationId)?.checkpoint.size ?? 0;
  }

  private nextCheckpoint(
    organisationId: OrganisationId,
    closed: AbortSignal,
  ): { happened: Promise<'ACCEPTED' | 'QUIET' | 'CLOSED'>; stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<'ACCEPTED' | 'QUIET' | 'CLOSED'>();
    const settle = (why: 'ACCEPTED' | 'QUIET' | 'CLOSED'): void => {
      clearTimeout(timer);
      unsubscribe();
      closed.removeEventListener('abort', onClosed);
      resolve(why);
    };
    const onClosed = (): void => settle('CLOSED');
    const timer = setTimeout(() => settle('QUIET'), HEARTBEAT_MS);
    const unsubscribe = this.o.trust.onAccepted((id) => (id === organisationId ? settle('ACCEPTED') : undefined));
    closed.addEventListener('abort', onClosed);
    if (closed.aborted) onClosed();
    return { happened: promise, stop: onClosed };
  }
}
