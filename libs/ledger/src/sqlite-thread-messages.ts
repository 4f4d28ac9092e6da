import { Conflict } from '@audital/contracts';
import { type NewEvent, type StreamAppend, StreamDeleted } from './ledger';
import { mapSqliteError } from './sqlite-errors';

/** Appends on their way to another thread: all bytes lie in one buffer, which changes hands instead of being copied piece by piece. */
export interface PackedAppends {
  /** Ids and types of a stream's events, each list in one text: thousands of small texts would cost more than their bytes. */
  streams: { stream: string; expectedRevision: number; ids: string; types: string }[];
  /** Of data and metadata of each event, in order. */
  lengths: Uint32Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
}

export function packAppends(appends: StreamAppend[]): PackedAppends {
  let [count, size] = [0, 0];
  for (const { events } of appends) {
    count += events.length;
    for (const { data, metadata } of events) size += data.length + metadata.length;
  }
  const lengths = new Uint32Array(2 * count);
  const bytes = new Uint8Array(size);
  let [part, at] = [0, 0];
  const put = (one: Uint8Array): void => {
    bytes.set(one, at);
    lengths[part++] = one.length;
    at += one.length;
  };
  const streams = appends.map(({ stream, expectedRevision, events }) => {
    for (const { data, metadata } of events) {
      put(data);
      put(metadata);
    }
    const ids = events.map(({ id }) => id).join();
    return { stream, expectedRevision, ids, types: events.map(({ type }) => type).join() };
  });
  return { streams, lengths, bytes };
}

export function unpackAppends({ streams, lengths, bytes }: PackedAppends): StreamAppend[] {
  let [part, at] = [0, 0];
  const next = (): Uint8Array => bytes.subarray(at, (at += lengths[part++] as number));
  return streams.map(({ stream, expectedRevision, ids, types }) => ({
    ...{ stream, expectedRevision },
    events: eventsOf(ids.split(','), types.split(','), next),
  }));
}

const eventsOf = (ids: string[], types: string[], next: () => Uint8Array): NewEvent[] =>
  ids.map((id, index) => ({ id, type: types[index] as string, data: next(), metadata: next() }));

/** Why an append failed, as one thread tells another: errors lose their class on the way. */
export type AppendFailure =
  | { kind: 'conflict'; stream: string; expectedRevision: number; actualRevision: number }
  | { kind: 'deleted'; stream: string }
  | { kind: 'other'; message: string; errcode: number | undefined };

export function toFailure(error: unknown): AppendFailure {
  if (error instanceof Conflict) {
    const { stream, expectedRevision, actualRevision } = error;
    return { kind: 'conflict', stream, expectedRevision, actualRevision };
  }
  if (error instanceof StreamDeleted) return { kind: 'deleted', stream: error.stream };
  // What SQLite said lies below what it means to a service.
  const { cause = error } = error as Error;
  return { kind: 'other', message: String((cause as Error).message), errcode: (cause as { errcode?: number }).errcode };
}

export function fromFailure(failure: AppendFailure, path: string): unknown {
  switch (failure.kind) {
    case 'conflict':
      return new Conflict(failure.stream, failure.expectedRevision, failure.actualRevision);
    case 'deleted':
      return new StreamDeleted(failure.stream);
    case 'other':
      return mapSqliteError(Object.assign(new Error(failure.message), { errcode: failure.errcode }), path);
  }
}
