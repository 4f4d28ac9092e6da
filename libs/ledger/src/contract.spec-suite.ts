import { Conflict, Rejected } from '@audital/contracts';
import {
  appendInOrder,
  binaryEvent,
  jsonEvent,
  type Ledger,
  NO_STREAM,
  readAll,
  type StoredEvent,
  StreamDeleted,
} from './index';

export interface LedgerUnderTest {
  /** SQLite does; EventStoreDB looks at ids and numbers only, hence ids made from the bytes (DESIGN §8.1). */
  comparesBytes: boolean;
  /** Opens the same ledger again, or first, with the prefixes that may be written. */
  open: (writes: readonly string[]) => Promise<Ledger>;
}

const ALL = ['chain-', 'payload-', 'cursor-', 'checkpoint-', 'integration-', 'organisation-'];
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** What every store of the ledger port must do. Streams are new in every test: a store may be shared. */
export function ledgerContract(under: () => LedgerUnderTest): void {
  let ledger: Ledger;
  let stream: string;
  let number = 0;

  beforeEach(async () => {
    ledger = await under().open(ALL);
    number += 1;
    stream = `chain-org_${process.pid}_${Date.now()}_${number}`;
  });
  afterEach(() => ledger.close());

  const collect = async (
    target: Parameters<Ledger['follow']>[0],
    until: (events: StoredEvent[]) => boolean,
  ): Promise<StoredEvent[]> => {
    const events: StoredEvent[] = [];
    const ended = new AbortController();
    const limit = setTimeout(() => ended.abort(), 20_000);
    await ledger.follow(target, (event) => void (events.push(event), until(events) && ended.abort()), {
      signal: ended.signal,
    });
    clearTimeout(limit);
    return events;
  };

  it('gives back every byte as it was appended', async () => {
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    const event = binaryEvent('Record', data, bytes(0, 255, 0));
    await expect(ledger.append(stream, NO_STREAM, [event])).resolves.toEqual({ lastRevision: 0 });
    const [stored] = await ledger.read(stream);
    expect(stored).toMatchObject({ stream, revision: 0, id: event.id, type: 'Record' });
    expect(Buffer.from(stored?.data ?? [])).toEqual(Buffer.from(data));
    expect(Buffer.from(stored?.metadata ?? [])).toEqual(Buffer.from([0, 255, 0]));
  });

  it.each(['{"b": 1,  "a":2}', '7', '"text"', 'null', ''])('gives back metadata %j as they were', async (text) => {
    await ledger.append(stream, NO_STREAM, [binaryEvent('A', Buffer.from(text), Buffer.from(text))]);
    const [stored] = await ledger.read(stream);
    expect([stored?.data, stored?.metadata].map((some) => Buffer.from(some ?? [0]).toString())).toEqual([text, text]);
  });

  it('appends at the exact revision only, and says where the stream ends', async () => {
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 1), jsonEvent('A', 2)]);
    for (const expected of [NO_STREAM, 0, 2, 7]) {
      const error = await ledger
        .append(stream, expected, [jsonEvent('B', expected)])
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Conflict);
      expect(error).toMatchObject({ stream, expectedRevision: expected, actualRevision: 1 });
    }
    await expect(ledger.append(`${stream}x`, 0, [jsonEvent('A', 1)])).rejects.toMatchObject({
      name: 'Conflict',
      actualRevision: NO_STREAM,
    });
    expect(await ledger.lastRevision(stream)).toBe(1);
  });

  it('answers the identical batch as the first time, also after later events, and writes nothing', async () => {
    const batch = [jsonEvent('A', 1), jsonEvent('A', 2)];
    await ledger.append(stream, NO_STREAM, batch);
    await expect(ledger.append(stream, NO_STREAM, batch)).resolves.toEqual({ lastRevision: 1 });
    await ledger.append(stream, 1, [jsonEvent('A', 3)]);
    await expect(ledger.append(stream, NO_STREAM, batch)).resolves.toEqual({ lastRevision: 1 });
    expect(await ledger.lastRevision(stream)).toBe(2);
  });

  it('answers the identical batch from another connection too', async () => {
    const batch = [jsonEvent('A', 1), jsonEvent('A', 2)];
    await ledger.append(stream, NO_STREAM, batch);
    const other = await under().open(ALL);
    await expect(other.append(stream, NO_STREAM, batch)).resolves.toEqual({ lastRevision: 1 });
    await expect(other.append(stream, 1, batch)).resolves.toEqual({ lastRevision: 3 });
    await other.close();
  });

  it('never has other bytes stand in the place of the first (DESIGN §8.1)', async () => {
    const event = binaryEvent('A', bytes(1));
    await ledger.append(stream, NO_STREAM, [event]);
    await expect(ledger.append(stream, NO_STREAM, [binaryEvent('A', bytes(2))])).rejects.toBeInstanceOf(Conflict);
    const disguised = ledger.append(stream, NO_STREAM, [{ ...event, data: bytes(2) }]);
    if (under().comparesBytes) await expect(disguised).rejects.toBeInstanceOf(Conflict);
    else await expect(disguised).resolves.toEqual({ lastRevision: 0 });
    expect([...((await ledger.read(stream))[0]?.data ?? [])]).toEqual([1]);
    expect(await ledger.lastRevision(stream)).toBe(0);
  });

  it('refuses a batch that overlaps what is there', async () => {
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 1)]);
    await expect(ledger.append(stream, NO_STREAM, [jsonEvent('A', 1), jsonEvent('A', 2)])).rejects.toBeInstanceOf(
      Conflict,
    );
    expect(await ledger.lastRevision(stream)).toBe(0);
  });

  it('takes the same event twice at different revisions: an id is not unique', async () => {
    const event = jsonEvent('A', 1);
    await ledger.append(stream, NO_STREAM, [event]);
    await ledger.append(stream, 0, [event]);
    expect((await ledger.read(stream)).map(({ revision }) => revision)).toEqual([0, 1]);
  });

  it('reads forwards, backwards, in pages, and nothing beyond the end', async () => {
    await ledger.append(
      stream,
      NO_STREAM,
      Array.from({ length: 25 }, (_, index) => jsonEvent('A', index)),
    );
    const revisions = async (options?: Parameters<Ledger['read']>[1]) =>
      (await ledger.read(stream, options)).map(({ revision }) => revision);
    expect(await revisions({ from: 22 })).toEqual([22, 23, 24]);
    expect(await revisions({ from: 3, limit: 2 })).toEqual([3, 4]);
    expect(await revisions({ direction: 'backwards', limit: 2 })).toEqual([24, 23]);
    expect(await revisions({ direction: 'backwards', from: 1 })).toEqual([1, 0]);
    expect(await revisions({ from: 25 })).toEqual([]);
    expect(await revisions({ direction: 'backwards', from: 100, limit: 2 })).toEqual([24, 23]);
    expect(await revisions({ from: 'end' })).toEqual([]);
    expect(await revisions({ limit: 0 })).toEqual([]);
    expect(await ledger.read(`${stream}-missing`)).toEqual([]);
    expect(await ledger.lastRevision(`${stream}-missing`)).toBe(NO_STREAM);
  });

  it('reads a stream of more than one page whole', async () => {
    for (let from = 0; from < 2500; from += 500) {
      await ledger.append(
        stream,
        from - 1,
        Array.from({ length: 500 }, (_, index) => jsonEvent('A', from + index)),
      );
    }
    const seen: number[] = [];
    for await (const { revision } of readAll(ledger, stream)) seen.push(revision);
    expect(seen).toEqual(Array.from({ length: 2500 }, (_, index) => index));
  });

  it('takes 900 KiB at once, as one event and as many', async () => {
    const most = 900 * 1024;
    await ledger.append(stream, NO_STREAM, [binaryEvent('A', new Uint8Array(most - 1), bytes(1))]);
    const many = Array.from({ length: 900 }, (_, index) => binaryEvent('A', new Uint8Array(1024).fill(index % 251)));
    await ledger.append(stream, 0, many);
    const [first] = await ledger.read(stream, { limit: 1 });
    expect(first?.data.length).toBe(most - 1);
    expect(await ledger.lastRevision(stream)).toBe(900);
  });

  it('lets one of two writers win', async () => {
    const other = await under().open(ALL);
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 0)]);
    const results = await Promise.allSettled([
      ledger.append(stream, 0, [jsonEvent('A', 'one')]),
      other.append(stream, 0, [jsonEvent('A', 'two')]),
    ]);
    await other.close();
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await ledger.lastRevision(stream)).toBe(1);
  });

  it('follows a stream from a place, then what another connection appends', async () => {
    const other = await under().open(ALL);
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 0), jsonEvent('A', 1), jsonEvent('A', 2)]);
    const following = collect({ stream, afterRevision: 0 }, (events) => events.length === 4);
    await other.append(stream, 2, [jsonEvent('A', 3)]);
    await other.append(stream, 3, [jsonEvent('A', 4)]);
    expect((await following).map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    await other.close();
  });

  it('§8.11 follows a category over a restart of the reader, without a gap or a repetition', async () => {
    const category = `integration-int${process.pid}x${Date.now()}x${number}`;
    const names = [`${category}a`, `${category}b`];
    for (const name of names) await ledger.append(name, NO_STREAM, [jsonEvent('A', name)]);
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 'of another category')]);
    const first = await collect({ category, afterPosition: null }, (events) => events.length === 2);
    await ledger.close();
    ledger = await under().open(ALL);
    await ledger.append(names[0] as string, 0, [jsonEvent('A', 'later')]);
    const second = await collect(
      { category, afterPosition: first[1]?.position ?? null },
      (events) => events.length === 1,
    );
    expect([...first, ...second].map(({ stream: of, revision }) => [of, revision])).toEqual([
      [names[0], 0],
      [names[1], 0],
      [names[0], 1],
    ]);
  });

  it('says that it has caught up once, after everything that stood there was handled', async () => {
    await ledger.append(
      stream,
      NO_STREAM,
      Array.from({ length: 60 }, (_, index) => jsonEvent('A', index)),
    );
    const ended = new AbortController();
    const caughtUp = Promise.withResolvers<void>();
    const seen: (number | string)[] = [];
    const following = ledger.follow(
      { stream, afterRevision: -1 },
      async ({ revision }) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (revision < 60) seen.push(revision);
        else ended.abort();
      },
      { signal: ended.signal, onCaughtUp: () => (seen.push('caught up'), caughtUp.resolve()) },
    );
    await caughtUp.promise;
    await ledger.append(stream, 59, [jsonEvent('A', 60)]);
    await following;
    expect(seen).toEqual([...Array.from({ length: 60 }, (_, index) => index), 'caught up']);
  });

  it.each(['stream', 'category'])('follows a %s that does not exist yet', async (kind) => {
    const ended = new AbortController();
    const caughtUp = Promise.withResolvers<void>();
    const seen: number[] = [];
    const following = ledger.follow(
      kind === 'stream' ? { stream, afterRevision: -1 } : { category: stream, afterPosition: null },
      ({ revision }) => void (seen.push(revision), seen.length === 2 && ended.abort()),
      { signal: ended.signal, onCaughtUp: () => caughtUp.resolve() },
    );
    await caughtUp.promise;
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 0), jsonEvent('A', 1)]);
    await following;
    expect(seen).toEqual([0, 1]);
  });

  it('names one position for an event, however it is read', async () => {
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 0), jsonEvent('A', 1)]);
    const followed = await collect({ category: stream, afterPosition: null }, (events) => events.length === 2);
    const read = await ledger.read(stream);
    expect(read.map(({ position }) => position)).toEqual(followed.map(({ position }) => position));
  });

  it('stops following when the handler throws, the signal is given or the ledger is closed', async () => {
    const other = await under().open(ALL);
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 0)]);
    const target = { stream, afterRevision: -1 };
    const { signal } = new AbortController();
    const broken = new Error('a bug of the handler');
    const failing = other.follow(target, () => Promise.reject(broken), { signal });
    await expect(failing).rejects.toBe(broken);
    const ended = new AbortController();
    const aborted = other.follow(target, () => ended.abort(), { signal: ended.signal });
    await expect(aborted).resolves.toBeUndefined();
    await expect(other.follow(target, () => undefined, { signal: ended.signal })).resolves.toBeUndefined();
    const closed = other.follow(target, () => undefined, { signal });
    await other.close();
    await expect(closed).resolves.toBeUndefined();
  });

  it('refuses streams that are not this service’s, and empty or too large appends', async () => {
    const reader = await under().open(['cursor-']);
    await expect(reader.append(stream, NO_STREAM, [jsonEvent('A', 1)])).rejects.toMatchObject({
      code: 'LEDGER_FOREIGN_STREAM',
    });
    await expect(reader.tombstone(`payload-${stream}`)).rejects.toBeInstanceOf(Rejected);
    await reader.close();
    await expect(ledger.append(stream, NO_STREAM, [])).rejects.toBeInstanceOf(RangeError);
    await expect(
      ledger.append(stream, NO_STREAM, [binaryEvent('A', new Uint8Array(901 * 1024))]),
    ).rejects.toMatchObject({ code: 'LEDGER_APPEND_TOO_LARGE' });
    expect(await ledger.lastRevision(stream)).toBe(NO_STREAM);
  });

  it('makes several appends durable in their order; the identical list again completes it and adds nothing', async () => {
    const [payload, cursor] = [stream.replace('chain-', 'payload-'), stream.replace('chain-', 'cursor-')];
    const appends = [payload, stream, cursor].map((name) => ({
      stream: name,
      expectedRevision: NO_STREAM,
      events: [jsonEvent('A', `${name} 1`), jsonEvent('A', `${name} 2`)],
    }));
    // As if the process had died after the first.
    await ledger.append(payload, NO_STREAM, appends[0]?.events ?? []);
    await appendInOrder(ledger, appends);
    await appendInOrder(ledger, appends);
    for (const name of [payload, stream, cursor]) expect(await ledger.lastRevision(name)).toBe(1);
    const stale = [
      { ...appends[1], expectedRevision: 1 },
      { ...appends[2], expectedRevision: 0 },
    ] as typeof appends;
    await expect(appendInOrder(ledger, stale)).rejects.toMatchObject({ name: 'Conflict', stream: cursor });
  });

  it('trims working memory, and no evidence', async () => {
    const cursor = stream.replace('chain-', 'cursor-');
    await ledger.append(
      cursor,
      NO_STREAM,
      [1, 2, 3, 4].map((value) => jsonEvent('A', value)),
    );
    await ledger.trim(cursor, 2);
    expect((await ledger.read(cursor)).map(({ revision }) => revision)).toEqual([2, 3]);
    await ledger.append(cursor, 3, [jsonEvent('A', 5)]);
    // It never goes back, keeps the last event, and holds for whoever opens the ledger later.
    await ledger.trim(cursor, 1);
    const again = await under().open(ALL);
    expect((await again.read(cursor, { limit: 1 })).map(({ revision }) => revision)).toEqual([2]);
    await again.trim(cursor, 100);
    expect((await again.read(cursor)).map(({ revision }) => revision)).toEqual([4]);
    expect(await again.lastRevision(cursor)).toBe(4);
    await again.append(cursor, 4, [jsonEvent('A', 6)]);
    await again.close();
    const followed = await collect({ stream: cursor, afterRevision: -1 }, (events) => events.length === 2);
    expect(followed.map(({ revision }) => revision)).toEqual([4, 5]);
    await ledger.trim(`${cursor}-missing`, 3);
    expect(await ledger.lastRevision(`${cursor}-missing`)).toBe(NO_STREAM);
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 1)]);
    await expect(ledger.trim(stream, 1)).rejects.toMatchObject({ code: 'LEDGER_TRIM_REFUSED' });
  });

  it('tombstones payload segments for ever, and nothing else', async () => {
    const segment = stream.replace('chain-', 'payload-');
    await ledger.append(segment, NO_STREAM, [binaryEvent('Payload', bytes(1, 2, 3))]);
    await ledger.tombstone(segment);
    await ledger.tombstone(segment);
    for (const options of [{}, { limit: 0 }, { from: 'end' as const }, { direction: 'backwards' as const }])
      await expect(ledger.read(segment, options)).rejects.toBeInstanceOf(StreamDeleted);
    await expect(ledger.lastRevision(segment)).rejects.toBeInstanceOf(StreamDeleted);
    const { signal } = new AbortController();
    const following = ledger.follow({ stream: segment, afterRevision: -1 }, () => undefined, { signal });
    await expect(following).rejects.toBeInstanceOf(StreamDeleted);
    await expect(ledger.append(segment, NO_STREAM, [binaryEvent('Payload', bytes(4))])).rejects.toBeInstanceOf(
      StreamDeleted,
    );
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 1)]);
    await expect(ledger.tombstone(stream)).rejects.toMatchObject({ code: 'LEDGER_TOMBSTONE_REFUSED' });
  });
  it('follows a category past deleted segments', async () => {
    const category = `${stream.replace('chain-', 'payload-')}-`;
    for (const segment of [0, 1, 2])
      await ledger.append(`${category}${segment}`, NO_STREAM, [jsonEvent('Payload', segment)]);
    await ledger.tombstone(`${category}1`);
    const seen: string[] = [];
    const ended = new AbortController();
    const following = ledger.follow(
      { category, afterPosition: null },
      ({ stream: of, type }) => void (seen.push(`${type} ${of}`), of === `${category}3` && ended.abort()),
      { signal: ended.signal },
    );
    await ledger.append(`${category}3`, NO_STREAM, [jsonEvent('Payload', 3)]);
    await following;
    // What was deleted may still pass until its bytes are gone (EventStoreDB, before a scavenge); the server's own events never do.
    expect(seen.filter((one) => one !== `Payload ${category}1`)).toEqual(
      [0, 2, 3].map((segment) => `Payload ${category}${segment}`),
    );
  });
}
