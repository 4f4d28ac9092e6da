import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Unavailable } from '@audital/contracts';
import { eventStoreProgram, eventually, startEventStore } from '@audital/testing';
import { ledgerContract } from './contract.spec-suite';
import { eventStoreErasure } from './eventstore-erasure.spec-suite';
import { eventStoreRights } from './eventstore-rights.spec-suite';
import { findServer, type ServerControl, type ServerUnderTest } from './eventstore-server.spec-suite';
import { binaryEvent, jsonEvent, type Ledger, NO_STREAM, openLedger, readAll } from './index';

const WRITES = ['chain-', 'payload-', 'cursor-', 'checkpoint-', 'integration-', 'organisation-'];
async function startProgram(): Promise<ServerUnderTest> {
  const { url, kill, start, freeze, thaw, remove } = await startEventStore();
  const control = { kill: () => void kill(), start: () => void kill().then(start), freeze, thaw };
  return { url, control, remove };
}

const found = findServer(eventStoreProgram() === null ? null : startProgram);

eventStoreRights();
eventStoreErasure();

describe('an EventStoreDB that is not there', () => {
  const within = async (limitMs: number, work: Promise<unknown>): Promise<unknown> => {
    const begin = performance.now();
    const outcome = await work.then(
      () => 'worked',
      (error: unknown) => error,
    );
    expect(performance.now() - begin).toBeLessThan(limitMs);
    return outcome;
  };

  it('is Unavailable at once when nobody listens, and while the ledger is closed', async () => {
    const ledger = await openLedger('esdb://127.0.0.1:9?tls=false', { writes: WRITES });
    const event = jsonEvent('A', 1);
    for (const call of [() => ledger.append('chain-a', NO_STREAM, [event]), () => ledger.read('chain-a')])
      expect(await within(8_000, call())).toBeInstanceOf(Unavailable);
    const { signal } = new AbortController();
    const following = ledger.follow({ category: 'chain-', afterPosition: null }, () => undefined, { signal });
    await ledger.close();
    await following;
    expect(await within(1_000, ledger.read('chain-a'))).toBeInstanceOf(Unavailable);
  });

  it('is Unavailable after the deadline when it takes the connection and says nothing', async () => {
    const taken = new Set<Socket>();
    const silent = createServer((socket) => void taken.add(socket));
    const port = await listening(silent);
    const ledger = await openLedger(`esdb://127.0.0.1:${port}?tls=false&defaultDeadline=400`, { writes: WRITES });
    const event = jsonEvent('A', 1);
    const calls = [
      () => ledger.append('chain-a', NO_STREAM, [event]),
      () => ledger.read('chain-a'),
      () => ledger.lastRevision('chain-a'),
      () => ledger.trim('cursor-a', 3),
      () => ledger.tombstone('payload-a-0'),
    ];
    for (const call of calls) expect(await within(5_000, call())).toBeInstanceOf(Unavailable);
    await ledger.close();
    for (const socket of taken) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });

if (found !== null) {
  describe('the EventStoreDB ledger', () => {
    let server: ServerUnderTest;
    const opened: Ledger[] = [];
    const open = async (writes: readonly string[], options = ''): Promise<Ledger> => {
      const url = options === '' ? server.url : `${server.url}${server.url.includes('?') ? '&' : '?'}${options}`;
      opened.push(await openLedger(url, { writes }));
      return opened.at(-1) as Ledger;
    };

    beforeAll(async () => {
      server = await found.start();
      await isReady(server);
    }, 180_000);
    afterEach(async () => void (await Promise.all(opened.splice(0).map((ledger) => ledger.close()))));
    afterAll(() => server?.remove());

    describe('keeps the contract', () => ledgerContract(() => ({ open, comparesBytes: false })));

    it('does not let the loss of one server disturb the client of another', async () => {
      const ledger = await open(WRITES);
      const away = await openLedger('esdb://127.0.0.1:9?tls=false', { writes: WRITES });
      const name = newStream();
      const attempts = Array.from({ length: 10 }, async (_, index) => {
        const lost = away.append(name, NO_STREAM, [jsonEvent('A', index)]).catch((error: unknown) => error);
        const kept = ledger.append(`${name}_${index}`, NO_STREAM, [binaryEvent('A', new Uint8Array(100_000))]);
        return [await lost, await kept] as const;
      });
      for (const [lost, kept] of await Promise.all(attempts)) {
        expect(lost).toBeInstanceOf(Unavailable);
        expect(kept).toEqual({ lastRevision: 0 });
      }
      await away.close();
    });

    if (!found.isControlled) return;
    describe('when the server dies or freezes', () => {
      const plug = (): ServerControl => server.control as ServerControl;

      it('keeps every acknowledged append over kill -9, once each, and followers go on by themselves', async () => {
        const ledger = await open(WRITES);
        const reader = await open([]);
        const name = newStream();
        const seen: number[] = [];
        const ended = new AbortController();
        const followers = [
          { stream: name, afterRevision: -1 },
          { category: name, afterPosition: null },
        ].map((target) => reader.follow(target, ({ revision }) => void seen.push(revision), { signal: ended.signal }));
        let acknowledged = -1;
        const appendTo = async (last: number): Promise<void> => {
          for (let revision = acknowledged; revision < last; revision = acknowledged) {
            const batch = [jsonEvent('A', revision), binaryEvent('B', new Uint8Array(50_000).fill(revision % 251))];
            const append = (): Promise<boolean> => ledger.append(name, revision, batch).then(() => true);
            await eventually(append, { what: `The append at ${revision}`, deadlineMs: 60_000 });
            acknowledged = revision + 2;
          }
        };
        for (let round = 1; round <= 2; round += 1) {
          await appendTo(round * 30);
          const writing = appendTo(round * 30 + 20);
          await delay(20);
          plug().kill();
          const error = await reader.read(name).catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(Unavailable);
          plug().start();
          await writing;
        }
        const stored: number[] = [];
        for await (const { revision } of readAll(ledger, name)) stored.push(revision);
        expect(stored).toEqual(Array.from({ length: acknowledged + 1 }, (_, index) => index));
        await eventually(() => seen.length >= 2 * stored.length, { what: 'Both followers', deadlineMs: 60_000 });
        ended.abort();
        await Promise.all(followers);
        expect(seen.sort((a, b) => a - b)).toEqual(stored.flatMap((revision) => [revision, revision]));
      }, 180_000);

      it('is Unavailable in bounded time while it is frozen, and takes the identical batch when it is back', async () => {
        const ledger = await open(WRITES, 'defaultDeadline=1500');
        const name = newStream();
        await ledger.append(name, NO_STREAM, [jsonEvent('A', 0)]);
        const batch = [jsonEvent('A', 1), jsonEvent('A', 2)];
        plug().freeze();
        const begin = performance.now();
        const outcomes = await Promise.allSettled([ledger.append(name, 0, batch), ledger.read(name)]);
        const took = performance.now() - begin;
        plug().thaw();
        expect(outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual([
          expect.any(Unavailable),
          expect.any(Unavailable),
        ]);
        expect(took).toBeLessThan(6_000);
        await eventually(() => ledger.append(name, 0, batch).then(({ lastRevision }) => lastRevision === 2), {
          what: 'The identical batch',
          deadlineMs: 60_000,
        });
        expect((await ledger.read(name)).map(({ revision }) => revision)).toEqual([0, 1, 2]);
      }, 120_000);
    });
  });
}

const newStream = (): string => `chain-fault_${process.pid}_${Date.now()}`;

/** Alive is not ready: until it leads, it refuses appends. */
async function isReady(server: ServerUnderTest): Promise<void> {
  const ledger = await openLedger(server.url, { writes: WRITES });
  const probe = `cursor-ready_${process.pid}_${Date.now()}`;
  const event = jsonEvent('Ready', null);
  await eventually(() => ledger.append(probe, NO_STREAM, [event]).then(() => true), {
    what: 'An append to the EventStoreDB',
    deadlineMs: 120_000,
  });
  await ledger.close();
}
