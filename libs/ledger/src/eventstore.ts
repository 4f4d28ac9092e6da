import { Conflict, Rejected, Unavailable } from '@audital/contracts';
import {
  type AllStreamSubscription,
  ANY,
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  jsonEvent,
  NO_STREAM as STREAM_IS_NEW,
  type RecordedEvent,
  type ResolvedEvent,
  START,
  streamNameFilter,
  type StreamingRead,
  type StreamSubscription,
} from '@eventstore/db-client';
import { isStreamNotFound, mapEventStoreError } from './eventstore-errors';
import { parsePosition, toEventData, toStoredEvent } from './eventstore-events';
import type { Subscription } from './eventstore-feed';
import { follow } from './eventstore-follower';
import { isKeeper, KEPT_STREAM } from './eventstore-rights';
import { type EventStoreSettings, parseEventStoreUrl } from './eventstore-url';
import {
  type AppendResult,
  type FollowOptions,
  type FollowTarget,
  type Ledger,
  NO_STREAM,
  type NewEvent,
  type ReadOptions,
  type StoredEvent,
  StreamDeleted,
} from './ledger';
import { checkAppend, checkTombstone, checkTrim } from './refusals';

const PAGE = 1000;
const TRIM_TRIES = 3;
/** How many events of the whole ledger the server looks at in one go for a category, and how many such goes make a note of its own. */
const SEARCH_WINDOW = 1000;
const CHECKPOINT_INTERVAL = 1000;

/**
 * The ledger in an EventStoreDB. Its server makes neither of two things that the port promises, so they stand here: a call ends in bounded
 * time, and following goes on after the server was away.
 */
export class EventStoreLedger implements Ledger {
  private readonly closing = new AbortController();
  private readonly following = new Set<Promise<void>>();
  /**
   * Credentials go with every call, also where the server ignores them: without them the client appends through a table of open appends that
   * all clients of the process share, and one broken connection makes it forget the others' (6.2.1, batchAppend).
   */
  private readonly call: { credentials: EventStoreSettings['credentials']; requiresLeader: true; deadline: number };

  private constructor(
    private readonly client: EventStoreDBClient,
    private readonly settings: EventStoreSettings,
    private readonly writes: readonly string[],
  ) {
    const { credentials, deadlineMs } = settings;
    this.call = { credentials, requiresLeader: true, deadline: deadlineMs };
  }

  /** Does not connect: a server that is away is met, as Unavailable, by the first call. */
  static open(url: string, writes: readonly string[], connectionName?: string): EventStoreLedger {
    const settings = parseEventStoreUrl(url, connectionName);
    return new EventStoreLedger(connect(settings), settings, writes);
  }

  async append(stream: string, expectedRevision: number, events: NewEvent[]): Promise<AppendResult> {
    checkAppend(stream, events, this.writes);
    if (expectedRevision === NO_STREAM && this.settings.tls && isKeeper(this.writes)) await this.keepToKeepers(stream);
    const revision = expectedRevision === NO_STREAM ? STREAM_IS_NEW : BigInt(expectedRevision);
    return this.asked({ stream, expectedRevision }, async () => {
      const data = events.map(toEventData);
      const { nextExpectedRevision } = await this.client.appendToStream(stream, data, {
        ...this.call,
        expectedRevision: revision,
      });
      return { lastRevision: Number(nextExpectedRevision) };
    });
  }

  async read(stream: string, options: ReadOptions = {}): Promise<StoredEvent[]> {
    const backwards = options.direction === 'backwards';
    const maxCount = Math.min(options.limit ?? PAGE, PAGE);
    const from = options.from ?? (backwards ? 'end' : 'start');
    const page = { from, maxCount, backwards };
    // The server takes neither, and still has to be asked whether the stream was deleted.
    const isEmpty = maxCount <= 0 || (from === 'end' && !backwards);
    const events = await this.readPage(stream, isEmpty ? { from: 'end', maxCount: 1, backwards: true } : page);
    return isEmpty ? [] : events.map(toStoredEvent);
  }

  async lastRevision(stream: string): Promise<number> {
    const [last] = await this.readPage(stream, { from: 'end', maxCount: 1, backwards: true });
    return last ? Number(last.revision) : NO_STREAM;
  }

  follow(
    target: FollowTarget,
    handle: (event: StoredEvent) => Promise<void> | void,
    options: FollowOptions,
  ): Promise<void> {
    const server = {
      subscribe: (from: FollowTarget) => this.subscribe(from),
      explain: (error: unknown, from: FollowTarget) =>
        mapEventStoreError(error, { stream: nameOf(from), server: this.settings.shown }),
    };
    const signal = AbortSignal.any([options.signal, this.closing.signal]);
    const run = follow(server, target, handle, { ...options, signal });
    this.following.add(run);
    const forget = (): void => void this.following.delete(run);
    run.then(forget, forget);
    return run;
  }

  /** Sets `$tb` of the stream's metadata, and leaves the rest of them (an ACL) as it is. The last event always stays. */
  async trim(stream: string, beforeRevision: number): Promise<void> {
    checkTrim(stream, this.writes);
    const keep = Math.min(beforeRevision, await this.lastRevision(stream));
    for (let tried = 1; ; tried += 1) {
      const [last] = await this.readPage(metastreamOf(stream), { from: 'end', maxCount: 1, backwards: true });
      const metadata = (last?.data ?? {}) as unknown as { $tb?: number };
      if (keep <= (metadata.$tb ?? 0)) return;
      try {
        await this.writeMetadata(stream, last?.revision ?? null, { ...metadata, $tb: keep });
        return;
      } catch (error) {
        if (!(error instanceof Conflict) || tried === TRIM_TRIES) throw error;
      }
    }
  }

  async tombstone(stream: string): Promise<void> {
    checkTombstone(stream, this.writes);
    try {
      await this.asked({ stream }, () => this.client.tombstoneStream(stream, { ...this.call, expectedRevision: ANY }));
    } catch (error) {
      if (!(error instanceof StreamDeleted)) throw error;
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.following);
    await this.client.dispose();
  }

  /** Before the first event of a stream, so that no other writer appends to it. Dying behind it leaves a right to a stream without events. */
  private async keepToKeepers(stream: string): Promise<void> {
    await this.writeMetadata(stream, null, KEPT_STREAM).catch((error: unknown) => {
      // It was done, and the event did not get there.
      if (!(error instanceof Conflict)) throw error;
    });
  }

  private async writeMetadata(stream: string, after: bigint | null, data: Record<string, unknown>): Promise<void> {
    const metastream = metastreamOf(stream);
    await this.asked({ stream: metastream, expectedRevision: after === null ? NO_STREAM : Number(after) }, () =>
      this.client.appendToStream(metastream, jsonEvent({ type: '$metadata', data }), {
        ...this.call,
        expectedRevision: after ?? STREAM_IS_NEW,
      }),
    );
  }

  private async readPage(
    stream: string,
    { from, maxCount, backwards }: { from: number | 'start' | 'end'; maxCount: number; backwards: boolean },
  ): Promise<RecordedEvent[]> {
    const fromRevision = from === 'start' ? START : from === 'end' ? END : BigInt(from);
    const direction = backwards ? BACKWARDS : FORWARDS;
    try {
      return await this.asked({ stream }, () =>
        this.collect(this.client.readStream(stream, { ...this.call, fromRevision, direction, maxCount })),
      );
    } catch (error) {
      if (isStreamNotFound(error)) return [];
      throw error;
    }
  }

  /** The client reads without a deadline: one stands here, for the time between two events. */
  private collect(reading: StreamingRead<ResolvedEvent>): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    return new Promise((resolve, reject) => {
      const silence = setTimeout(() => {
        void reading.cancel().catch(() => undefined);
        reject(this.silent());
      }, this.settings.deadlineMs);
      const settle = (end: () => void) => (): void => {
        clearTimeout(silence);
        end();
      };
      reading.on('data', ({ event }: ResolvedEvent) => {
        silence.refresh();
        if (event) events.push(event);
      });
      reading.on('error', (error) => settle(() => reject(error))());
      reading.on(
        'end',
        settle(() => resolve(events)),
      );
    });
  }

  private subscribe(target: FollowTarget): Subscription {
    if ('stream' in target) {
      const fromRevision = target.afterRevision < 0 ? START : BigInt(target.afterRevision);
      return readable(this.client.subscribeToStream(target.stream, { ...this.call, fromRevision }));
    }
    const subscription = this.client.subscribeToAll({
      ...this.call,
      fromPosition: target.afterPosition === null ? START : parsePosition(target.afterPosition),
      filter: streamNameFilter({
        prefixes: [target.category],
        maxSearchWindow: SEARCH_WINDOW,
        checkpointInterval: CHECKPOINT_INTERVAL,
      }),
    });
    return readable(subscription);
  }

  /** The client does not end every call at its deadline (finding the leader, a connection that is being made). */
  private async asked<T>(call: { stream: string; expectedRevision?: number }, work: () => Promise<T>): Promise<T> {
    if (this.closing.signal.aborted) throw new Unavailable('ledger', 'The ledger was closed.');
    let late: NodeJS.Timeout | undefined;
    try {
      const deadline = new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(this.silent()), this.settings.deadlineMs + 100);
      });
      return await Promise.race([work(), deadline]);
    } catch (error) {
      throw mapEventStoreError(error, { ...call, server: this.settings.shown });
    } finally {
      clearTimeout(late);
    }
  }

  private silent(): Unavailable {
    const { shown, deadlineMs } = this.settings;
    return new Unavailable('ledger', `The EventStoreDB at ${shown} gave no answer within ${deadlineMs} ms.`);
  }
}

function connect(settings: EventStoreSettings): EventStoreDBClient {
  try {
    return EventStoreDBClient.connectionString(settings.connectionString);
  } catch (error) {
    // Not as its cause: the client's error carries the connection string, password and all.
    throw new Rejected('LEDGER_URL', `LEDGER_URL cannot be used: ${(error as Error).message}`);
  }
}

const metastreamOf = (stream: string): string => `$$${stream}`;
const nameOf = (target: FollowTarget): string => ('stream' in target ? target.stream : `streams ${target.category}*`);

/** A subscription is a Readable; the client's types say so with overloads of their own. */
const readable = (subscription: StreamSubscription | AllStreamSubscription): Subscription =>
  subscription as unknown as Subscription;
