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
    const limit = setTimeout(() => ended.abort(), 10_000);
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

  it('follows a category over a restart of the reader, without a gap or a repetition', async () => {
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
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 1)]);
    await expect(ledger.trim(stream, 1)).rejects.toMatchObject({ code: 'LEDGER_TRIM_REFUSED' });
  });

  it('tombstones payload segments for ever, and nothing else', async () => {
    const segment = stream.replace('chain-', 'payload-');
    await ledger.append(segment, NO_STREAM, [binaryEvent('Payload', bytes(1, 2, 3))]);
    await ledger.tombstone(segment);
    await ledger.tombstone(segment);
    await expect(ledger.read(segment)).rejects.toBeInstanceOf(StreamDeleted);
    await expect(ledger.append(segment, NO_STREAM, [binaryEvent('Payload', bytes(4))])).rejects.toBeInstanceOf(
      StreamDeleted,
    );
    await ledger.append(stream, NO_STREAM, [jsonEvent('A', 1)]);
    await expect(ledger.tombstone(stream)).rejects.toMatchObject({ code: 'LEDGER_TOMBSTONE_REFUSED' });
  });
}
