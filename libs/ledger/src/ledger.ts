/** One event to append. `data` and `metadata` are stored and given back byte for byte. */
export interface NewEvent {
  /** A UUID made from the bytes (DESIGN §8.1: `eventIdOf`), never from a fact. It is not unique in a ledger. */
  id: string;
  type: string;
  data: Uint8Array;
  metadata: Uint8Array;
}

export interface StoredEvent extends NewEvent {
  stream: string;
  /** 0-based, without gaps. After a trim the first visible revision is larger than 0. */
  revision: number;
  /** Order in the whole ledger: opaque, and the caller's to keep for `follow`. */
  position: string;
}

/** One of several appends that belong together. */
export interface StreamAppend {
  stream: string;
  expectedRevision: number;
  events: NewEvent[];
}

export interface AppendResult {
  /** Revision of the last event of this append. */
  lastRevision: number;
}

export interface ReadOptions {
  /** First revision to return, inclusive; 'start' or 'end' (the last event, for backwards). Default: 'start', or 'end' backwards. */
  from?: number | 'start' | 'end';
  direction?: 'forwards' | 'backwards';
  /** Default and most: 1000. */
  limit?: number;
}

export interface FollowOptions {
  signal: AbortSignal;
  /** Called once, when everything that stood at the start has been handed over. */
  onCaughtUp?: () => void;
}

export type FollowTarget =
  | { stream: string; afterRevision: number }
  /** Every stream whose name starts with `category`, in ledger order; `afterPosition` null: from the start. */
  | { category: string; afterPosition: string | null };

export const NO_STREAM = -1;

/**
 * The append-only ledger. One suite of contract tests holds for every store.
 *
 * Errors: `Conflict` (the stream does not end where expected), `Unavailable` (the store is busy or away; the outcome of an append is then
 * unknown, and the way out is to send the identical bytes again), `Rejected` (not this service's stream, or too large), `Corrupt`.
 */
export interface Ledger {
  /**
   * Appends all of `events` or none. When it returns, they survive a crash of process and machine. `expectedRevision` is that of the
   * stream's last event, NO_STREAM (-1) when it has none.
   *
   * The identical events again at the same expected revision answer as the first time and write nothing, also when later events have
   * followed; other bytes under the same ids are a Conflict (SQLite compares bytes; EventStoreDB cannot, hence ids made from bytes).
   */
  append(stream: string, expectedRevision: number, events: NewEvent[]): Promise<AppendResult>;
  /**
   * Several appends at once, for a store that can make all of them durable by one fsync: all or none. Stores without it are given one append
   * after the other (`appendInOrder`), and a crash may leave the first of them; callers order them so that this is harmless.
   */
  appendTogether?(appends: StreamAppend[]): Promise<void>;
  /** A missing stream, or a start beyond the end, reads as empty; a tombstoned stream throws `StreamDeleted`. */
  read(stream: string, options?: ReadOptions): Promise<StoredEvent[]>;
  /** Revision of the last event, or NO_STREAM. */
  lastRevision(stream: string): Promise<number>;
  /**
   * Hands over every event after the given place, one at a time and in order, and goes on until the signal: over restarts of the store too.
   * It resolves when the signal is given, and rejects when `handle` throws.
   */
  follow(
    target: FollowTarget,
    handle: (event: StoredEvent) => Promise<void> | void,
    options: FollowOptions,
  ): Promise<void>;
  /** Removes the events before `beforeRevision` of a `cursor-*` or `checkpoint-*` stream: working memory, not evidence. */
  trim(stream: string, beforeRevision: number): Promise<void>;
  /**
   * Removes a whole `payload-*` stream for ever; its name cannot be used again. In SQLite its bytes are gone when it returns; it throws
   * Unavailable when they are not yet: again, it looks again. In EventStoreDB it is gone from every read at once, and its bytes leave the disk
   * with the next scavenge (`ledger-admin scavenge`).
   */
  tombstone(stream: string): Promise<void>;
  close(): Promise<void>;
}

/** The stream was tombstoned: read its next generation. */
export class StreamDeleted extends Error {
  override readonly name = 'StreamDeleted';
  constructor(readonly stream: string) {
    super(`${stream} was deleted for ever.`);
  }
}
