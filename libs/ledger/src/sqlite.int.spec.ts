import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Worker } from 'node:worker_threads';
import { Corrupt, Unavailable } from '@audital/contracts';
import { ledgerContract } from './contract.spec-suite';
import { binaryEvent, jsonEvent, NO_STREAM, openLedger, readAll, StreamDeleted } from './index';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audital-ledger-'));
  file = join(folder, 'ledger.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (writes: readonly string[]) => openLedger(`sqlite:${file}`, { writes });

describe('the SQLite ledger', () => {
  describe('keeps the contract', () => ledgerContract(() => ({ open, comparesBytes: true })));

  describe('keeps it with a thread of its own for appends', () =>
    ledgerContract(() => ({
      open: (writes) => openLedger(`sqlite:${file}`, { writes, appendThread: true }),
      comparesBytes: true,
    })));

  it('tells what an append met in that thread, goes on when the thread is lost, and keeps what was asked for before it closes', async () => {
    const ledger = await openLedger(`sqlite:${file}`, { writes: ['chain-', 'payload-'], appendThread: true });
    const event = (number: number) => binaryEvent('Record', Buffer.alloc(number, number), Buffer.from(`${number}`));
    await ledger.append('chain-a', NO_STREAM, [event(1), event(0)]);
    await ledger.append('payload-a-0', NO_STREAM, [event(1)]);
    await ledger.tombstone('payload-a-0');
    await expect(ledger.append('payload-a-0', 0, [event(2)])).rejects.toBeInstanceOf(StreamDeleted);
    const conflict = { name: 'Conflict', stream: 'chain-a', expectedRevision: 4, actualRevision: 1 };
    await expect(ledger.append('chain-a', 4, [event(2)])).rejects.toMatchObject(conflict);
    const { thread } = ledger as unknown as { thread: { worker: Worker } };
    void thread.worker.terminate();
    const lost = ledger.append('chain-a', 1, [event(3)]);
    await expect(lost).rejects.toBeInstanceOf(Unavailable);
    await ledger.append('chain-a', 1, [event(3)]);
    const last = ledger.append('chain-a', 2, [event(4)]);
    await ledger.close();
    await last;
    const again = await open([]);
    const stored = await again.read('chain-a');
    expect(stored.map(({ data, metadata }) => `${data.length} ${Buffer.from(metadata)}`)).toEqual([
      '1 1',
      '0 0',
      '3 3',
      '4 4',
    ]);
    await again.close();
  });

  it('compares bytes: other bytes under the same id are a conflict (DESIGN §8.1)', async () => {
    const ledger = await open(['chain-']);
    const event = binaryEvent('Record', Uint8Array.of(1));
    await ledger.append('chain-a', NO_STREAM, [event]);
    await expect(ledger.append('chain-a', NO_STREAM, [{ ...event, data: Uint8Array.of(2) }])).rejects.toMatchObject({
      name: 'Conflict',
    });
    await ledger.close();
  });

  it('refuses to change or delete what is stored, whoever tries', async () => {
    const ledger = await open(['chain-', 'cursor-']);
    await ledger.append('chain-a', NO_STREAM, [jsonEvent('A', 1)]);
    const raw = new DatabaseSync(file);
    expect(() => raw.exec("UPDATE events SET data = x'00'")).toThrow('never changes');
    expect(() => raw.exec('DELETE FROM events')).toThrow('never deleted');
    expect(() => raw.exec("INSERT INTO tombstones VALUES ('chain-a')")).toThrow('Only payload segments');
    raw.close();
    await ledger.close();
  });

  it('leaves no byte of a deleted segment in the file or its log', async () => {
    const ledger = await open(['payload-']);
    await ledger.append('payload-a-0', NO_STREAM, [
      binaryEvent('Payload', Buffer.from('the-name-of-a-person'.repeat(500))),
    ]);
    await ledger.append('payload-a-1', NO_STREAM, [binaryEvent('Payload', Buffer.from('stays'))]);
    await ledger.tombstone('payload-a-0');
    for (const suffix of ['', '-wal']) expect(readFileSync(file + suffix).includes('the-name-of-a-person')).toBe(false);
    await ledger.close();
    expect(readFileSync(file).includes('the-name-of-a-person')).toBe(false);
  });

  it('says in one sentence that a file is no ledger', async () => {
    writeFileSync(file, 'this is not a database, it only looks like a file'.repeat(100));
    await expect(open([])).rejects.toBeInstanceOf(Corrupt);
    rmSync(file);
    const foreign = new DatabaseSync(file);
    foreign.exec('CREATE TABLE notes (text TEXT)');
    foreign.close();
    await expect(open([])).rejects.toThrow('not an Audital ledger');
  });

  it('is Unavailable when the disk is full, and keeps all or nothing of the append', async () => {
    const ledger = await open(['chain-']);
    await ledger.append('chain-a', NO_STREAM, [jsonEvent('A', 0)]);
    const { db } = (ledger as unknown as { file: { db: DatabaseSync } }).file;
    const pages = (db.prepare('PRAGMA page_count').get() as { page_count: number }).page_count;
    db.exec(`PRAGMA max_page_count = ${pages + 10}`);
    const large = [binaryEvent('A', new Uint8Array(30_000)), binaryEvent('A', new Uint8Array(200_000))];
    const error = await ledger.append('chain-a', 0, large).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Unavailable);
    expect((error as Error).message).toContain('disk is full');
    expect(await ledger.lastRevision('chain-a')).toBe(0);
    db.exec('PRAGMA max_page_count = 1000000');
    await ledger.append('chain-a', 0, large);
    expect(await ledger.lastRevision('chain-a')).toBe(2);
    await ledger.close();
  });

  it('keeps every acknowledged append over kill -9, and follows two writing processes without a gap', async () => {
    const ledger = await open([]);
    const writer = join(folder, 'writer.cjs');
    const library = join(__dirname, '..', 'dist', 'index.js');
    writeFileSync(
      writer,
      `const { openLedger, jsonEvent } = require(${JSON.stringify(library)});
       (async () => {
         const ledger = await openLedger('sqlite:' + process.argv[2], { writes: ['integration-'] });
         for (let revision = -1; ; revision += 1) { await ledger.append(process.argv[3], revision, [jsonEvent('A', revision)]); process.send(revision + 1); }
       })();`,
    );
    const streams = ['integration-a', 'integration-b'];
    const acknowledged = new Map(streams.map((stream) => [stream, -1]));
    const children = streams.map((stream) => {
      const child = fork(writer, [file, stream], { execArgv: ['--disable-warning=ExperimentalWarning'] });
      child.on('message', (revision) => acknowledged.set(stream, revision as number));
      return child;
    });
    const seen = new Map(streams.map((stream) => [stream, -1]));
    const ended = new AbortController();
    await ledger.follow(
      { category: 'integration-', afterPosition: null },
      ({ stream, revision }) => {
        expect(revision).toBe((seen.get(stream) as number) + 1);
        seen.set(stream, revision);
        if ([...seen.values()].every((last) => last >= 100)) ended.abort();
      },
      { signal: ended.signal },
    );
    await Promise.all(
      children.map((child) => new Promise((resolve) => (child.once('exit', resolve), child.kill('SIGKILL')))),
    );
    for (const stream of streams) {
      let count = 0;
      for await (const { revision } of readAll(ledger, stream)) expect(revision).toBe(count++);
      expect(count).toBeGreaterThan(acknowledged.get(stream) as number);
    }
    await ledger.close();
  }, 30_000);
});
