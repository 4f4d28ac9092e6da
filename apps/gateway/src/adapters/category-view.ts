import { Corrupt, decodeJson } from '@audital/contracts';
import type { Ledger, StoredEvent } from '@audital/ledger';
import { followThroughBreaks, readTail } from './follow';
import type { Log } from './log';

const TAIL_TIMEOUT_MS = 3_000;

export interface ViewOptions<State, Event> {
  ledger: Ledger;
  /** `organisation-` or `integration-`. */
  category: string;
  evolve: (state: State | null, event: Event, revision: number) => State | null;
  onChange?: (state: State) => void;
  log: Log;
}

/**
 * What the streams of one category add up to, in memory: rebuilt from the ledger at every start, and never behind by more than the
 * follower's delay. A stream that cannot be read does not stop the others: asking for it throws Corrupt.
 */
export class CategoryView<State, Event extends { type: string }> {
  private readonly states = new Map<string, { state: State | null; revision: number }>();
  private readonly broken = new Map<string, Corrupt>();
  private position: string | null = null;
  private tail: Promise<void> | null = null;
  private isCaughtUp = false;

  constructor(private readonly o: ViewOptions<State, Event>) {}

  get caughtUp(): boolean {
    return this.isCaughtUp;
  }

  run(signal: AbortSignal): Promise<void> {
    const { ledger, category, log } = this.o;
    return followThroughBreaks({
      ledger,
      from: () => ({ category, afterPosition: this.position }),
      handle: (event) => this.take(event),
      signal,
      onCaughtUp: () => (this.isCaughtUp = true),
      log,
    });
  }

  /** Everything that stood in the ledger when this was called is in the view when it returns. Calls at the same time share one read. */
  async catchUp(): Promise<void> {
    // A read that began before this call may have missed what was written since: wait for it, then read once more.
    await this.tail?.catch(() => undefined);
    this.tail ??= this.readTail().finally(() => (this.tail = null));
    await this.tail;
  }

  get(stream: string): State | null {
    const broken = this.broken.get(stream);
    if (broken) throw broken;
    return this.states.get(stream)?.state ?? null;
  }

  all(): State[] {
    const readable = [...this.states].filter(([stream]) => !this.broken.has(stream));
    return readable.flatMap(([, { state }]) => (state === null ? [] : [state]));
  }

  private readTail(): Promise<void> {
    const { ledger, category } = this.o;
    return readTail({
      ledger,
      target: { category, afterPosition: this.position },
      handle: (event) => this.take(event),
      timeoutMs: TAIL_TIMEOUT_MS,
    });
  }

  /** Follower and tail read may both hand over an event: its revision tells. */
  private take(event: StoredEvent): void {
    const { stream, revision } = event;
    const before = this.states.get(stream) ?? { state: null, revision: -1 };
    if (revision > before.revision && !this.broken.has(stream)) this.evolve(event, before.state);
    this.position = event.position;
  }

  private evolve({ stream, type, data, revision }: StoredEvent, before: State | null): void {
    try {
      const state = this.o.evolve(before, { type, data: decodeJson(data) } as unknown as Event, revision);
      this.states.set(stream, { state, revision });
      if (state !== null) this.o.onChange?.(state);
    } catch (cause) {
      const corrupt = new Corrupt(stream, revision, `Revision ${revision} of ${stream} cannot be read.`, { cause });
      this.broken.set(stream, corrupt);
      this.o.log.error(
        { stream, revision, reason: (cause as Error).message },
        'A stream of the ledger cannot be read any more.',
      );
    }
  }
}
