import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { hashText } from '@audital/chain/check';
import { Conflict, facts, moveBytes, Unavailable } from '@audital/contracts';
import type { Ledger, NewEvent, StreamAppend } from '@audital/ledger';
import {
  checkLedger,
  eventually,
  integrationId,
  observation,
  isSqliteTested,
  openTestLedger,
  organisationId,
  sealRequest,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import { organisationKeys, sha256 } from './adapters/keys';
import { storeBatch } from './chain-store';
import { emptyChain } from './domain/chain-state';
import { Identity } from './domain/identity';
import { sealBatch } from './domain/seal-batch';
import { loadChain } from './load-chain';
import { OrganisationWriter } from './organisation-writer';
import { doomedWriter } from './testing/doomed';
import type { Doom } from './testing/doomed-writer';
import { WriterProcess, type WriterProcessOptions } from './testing/writer-process';

const ORGANISATION = organisationId();
const CURSOR = `cursor-${integrationId()}`;
const KEYS = organisationKeys(Buffer.alloc(32, 3), ORGANISATION, 'audital.example');
const identity = new Identity(KEYS.idSecret);
const cursor = { stream: CURSOR, expectedRevision: -1, integrationRevision: -1, changes: [{ kind: 'mark' }] };

let folder: TempFolder;
const open: WriterProcess[] = [];
const children: ChildProcess[] = [];
const start = async (o: Partial<WriterProcessOptions> = {}): Promise<WriterProcess> => {
  const process = await WriterProcess.start(folder.path, { organisationId: ORGANISATION, ...o });
  open.push(process);
  return process;
};
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  // One that a failed test left stopped would keep the run from ending.
  for (const child of children.splice(0)) child.kill('SIGKILL');
  const ledger = await openTestLedger(folder.path, []);
  await checkLedger(ledger).finally(() => ledger.close());
  await Promise.all(open.splice(0).map((process) => process.stop().catch(() => undefined)));
  folder.remove();
});

describe('§8.1 ids of the store', () => {
  /** As EventStoreDB does: the same ids at the same revision are a repetition, whatever the bytes. */
  function believingIds(): Ledger {
    const streams = new Map<string, NewEvent[]>();
    const append = async (stream: string, expected: number, events: NewEvent[]) => {
      const held = streams.get(stream) ?? [];
      const there = held.slice(expected + 1, expected + 1 + events.length);
      if (held.length - 1 === expected) streams.set(stream, [...held, ...events]);
      else if (there.length !== events.length || there.some(({ id }, at) => id !== events[at]?.id))
        throw new Conflict(stream, expected, held.length - 1);
      return { lastRevision: expected + events.length };
    };
    return { append } as unknown as Ledger;
  }
  const batch = (salt: number) =>
    sealBatch(emptyChain, [{ kind: 'seal', request: sealRequest([observation(1)]) }], {
      ...{ sha256, identity, origin: KEYS.origin, logCreated: { vkey: KEYS.key(1).vkey } },
      ...{ now: '2026-03-02T12:00:00.000Z', known: () => null, revisions: new Map(), moves: new Map() },
      newSalt: () => new Uint8Array(32).fill(salt),
      anyLoss: true,
    });

  it('§8.1 the same bytes again are a repetition, a rebuilt batch of the same facts is a Conflict', async () => {
    const ledger = believingIds();
    await storeBatch(ledger, ORGANISATION, batch(1));
    await storeBatch(ledger, ORGANISATION, batch(1));
    await expect(storeBatch(ledger, ORGANISATION, batch(2))).rejects.toBeInstanceOf(Conflict);
    // The record's own stream says so too, not only the payload's.
    const chainOnly = {
      append: (...args: Parameters<Ledger['append']>) =>
        args[0].startsWith('chain-') ? ledger.append(...args) : Promise.resolve({ lastRevision: 0 }),
    } as Ledger;
    await expect(storeBatch(chainOnly, ORGANISATION, batch(2))).rejects.toBeInstanceOf(Conflict);
  });

  it('§8.1 a rebuilt payload is a Conflict too', async () => {
    const ledger = believingIds();
    const payloadsOnly = {
      append: (...args: Parameters<Ledger['append']>) =>
        args[0].startsWith('payload-') ? ledger.append(...args) : Promise.resolve({ lastRevision: 0 }),
    } as Ledger;
    await storeBatch(payloadsOnly, ORGANISATION, batch(1));
    await storeBatch(payloadsOnly, ORGANISATION, batch(1));
    await expect(storeBatch(payloadsOnly, ORGANISATION, batch(2))).rejects.toBeInstanceOf(Conflict);
  });

  /** A writer on a ledger that stores what it is given, and whose first `times` answers do not arrive. */
  async function losingAnswers(times: number) {
    const { ledger, checkpoints, index } = await start();
    let lost = 0;
    const appendTogether = async (appends: StreamAppend[]): Promise<void> => {
      await ledger.appendTogether?.(appends);
      if (lost++ < times) throw new Unavailable('ledger', 'the answer was lost');
    };
    const losing = new Proxy(ledger, {
      get: (target, name) => {
        if (name === 'appendTogether') return appendTogether;
        const value = target[name as keyof Ledger] as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const outlets = {
      ...{ bury: async () => undefined, checkpointPublished: () => undefined, onSealed: () => undefined },
      ...{ onDropped: () => undefined, onStopped: () => undefined, onResumed: () => undefined },
    };
    const ports = { ledger: losing, checkpoints, index, rollbackPatienceMs: 0 };
    const settings = { checkpointDelayMs: 60_000, now: () => new Date() };
    const writer = new OrganisationWriter(ORGANISATION, KEYS, ports, { outlets, settings });
    return { writer, ledger };
  }

  if (isSqliteTested())
    it('§8.1 after an append of unknown outcome the identical bytes are sent again: whoever waits is answered', async () => {
      const { writer, ledger } = await losingAnswers(2);
      await writer.seal(sealRequest([observation(1)], { cursor }));
      await writer.seal(sealRequest([observation(2)]));
      expect((await checkLedger(ledger)).events).toBe(3);
      await writer.close();
    });

  if (isSqliteTested())
    it('§8.1 or the tail is read again: what was stored is known, and the next batch follows it', async () => {
      const { writer, ledger } = await losingAnswers(3);
      await expect(writer.seal(sealRequest([observation(1)], { cursor }))).rejects.toMatchObject({
        name: 'Unavailable',
      });
      await writer.seal(sealRequest([observation(1), observation(2)]));
      expect((await checkLedger(ledger)).events).toBe(3);
      await writer.close();
      expect(await ledger.lastRevision(CURSOR)).toBe(0);
    });
});

describe('§8.2 two polls of one integration', () => {
  it('§8.2 a part whose own poll’s part was dropped is dropped too, at the revision that the other poll made', async () => {
    const at = (place: number) => [{ kind: 'mark', at: place }];
    const follows = hashText(sha256(moveBytes(at(2))));
    const [foreign, first, second] = [
      sealRequest([observation(1)], { cursor: { ...cursor, changes: at(1) } }),
      sealRequest([observation(1), observation(2)], { cursor: { ...cursor, changes: at(2) } }),
      sealRequest([observation(3)], { cursor: { ...cursor, expectedRevision: 0, changes: at(3), follows } }),
    ];
    const { writer, ledger } = await start();
    for (const part of [foreign, first, second]) await writer.seal(part);
    expect(await ledger.lastRevision(CURSOR)).toBe(0);
    expect((await checkLedger(ledger)).events).toBe(2);
    // The next poll starts from where the cursor is, and sees all that lies behind it.
    const rest = sealRequest([observation(2), observation(3)], {
      cursor: { ...cursor, expectedRevision: 0, changes: at(3) },
    });
    await writer.seal(rest);
    expect((await checkLedger(ledger)).events).toBe(4);
  });
});

describe('§8.3 chain and cursor', () => {
  const other = `cursor-${integrationId(2)}`;
  const parts = [
    sealRequest([observation(1)], { cursor }),
    sealRequest([observation(2)], { integrationId: integrationId(2), cursor: { ...cursor, stream: other } }),
  ];

  it('§8.3 who takes over moves every cursor that the last batch is ahead of, before anything is sent again', async () => {
    // Payloads, records, and then neither cursor.
    const doomed = await start({ oneByOne: true, faultAt: 3, fault: 'fails' });
    const sealed = await Promise.allSettled(parts.map((part) => doomed.writer.seal(part)));
    expect(sealed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await checkLedger(doomed.ledger)).events).toBe(3);
    expect(await doomed.ledger.lastRevision(CURSOR)).toBe(-1);
    const { writer, ledger } = await start();
    await writer.open();
    for (const stream of [CURSOR, other]) expect(await ledger.lastRevision(stream)).toBe(0);
  });

  it('§8.3 a cursor that has moved on, and was cut since, is left where it is', async () => {
    const first = await start();
    await Promise.all(parts.map((part) => first.writer.seal(part)));
    // Nothing new was seen: the cursor moves, and no record comes with it.
    const later = { ...cursor, expectedRevision: 0, changes: [{ kind: 'mark', at: 'later' }] };
    await first.writer.seal(sealRequest([observation(1)], { cursor: later }));
    await first.ledger.trim(CURSOR, 1);
    const { writer, ledger, ...second } = await start();
    await writer.seal(sealRequest([observation(3)]));
    expect(second.stopped).toBeNull();
    expect(await ledger.lastRevision(CURSOR)).toBe(1);
  });
});

describe('§8.4 duplicates', () => {
  it('§8.4 neither of two is acknowledged, and neither indexed, when their batch was not stored', async () => {
    const { writer, index } = await start({ faultAt: 1, fault: 'fails' });
    const both = await Promise.allSettled([1, 2].map(() => writer.seal(sealRequest([observation(1)]))));
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(index.find(ORGANISATION, identity.of(observation(1).fact))).toBeNull();
  });
});

describe('§8.5 one bad observation', () => {
  it('§8.5 is EVIDENCE_LOST and a dead letter; the rest is sealed and the cursor moves', async () => {
    const buried: string[] = [];
    const { writer, ledger, index } = await start({
      outlets: { bury: async (_id, { fact }) => void buried.push(fact) },
    });
    const bad = observation(2, { payload: { text: '\ud800' } });
    await writer.seal(sealRequest([observation(1), bad, observation(3)], { cursor }));
    expect(buried).toEqual([bad.fact]);
    expect(index.find(ORGANISATION, identity.of(facts.refused(bad.fact)))).toBe(2);
    expect((await checkLedger(ledger)).events).toBe(4);
    expect(await ledger.lastRevision(CURSOR)).toBe(0);
  });
});

describe('§8.5 the dead letter of an observation', () => {
  const bad = observation(2, { payload: { text: '\ud800' } });
  const part = sealRequest([observation(1), bad], { cursor });

  it('§8.5 that could not be written is written when the message comes again, which is not acknowledged before', async () => {
    const buried: string[] = [];
    let isAway = true;
    const bury = async (_id: string, { fact }: { fact: string }): Promise<void> => {
      if (isAway) throw new Unavailable('nats', 'away');
      buried.push(fact);
    };
    const { writer, ledger } = await start({ outlets: { bury } });
    await expect(writer.seal(part)).rejects.toMatchObject({ name: 'Unavailable' });
    expect((await checkLedger(ledger)).events).toBe(3);
    isAway = false;
    // Its cursor has moved: what comes again is dropped, and yet its copy is made; so it is when it comes without a cursor.
    await writer.seal(part);
    expect(buried).toEqual([bad.fact]);
    await writer.seal({ ...part, cursor: null });
    expect(buried).toEqual([bad.fact, bad.fact]);
    expect((await checkLedger(ledger)).events).toBe(3);
  });
});

describe('§8.6 the order of writes', () => {
  it('§8.6 payload, record, cursor, acknowledgement; then swap, and the note in its stream', async () => {
    const process = await start({ oneByOne: true, checkpointDelayMs: 50 });
    await process.writer.seal(sealRequest([observation(1)], { cursor }));
    const first = [`payload-${ORGANISATION}-0`, `chain-${ORGANISATION}`, CURSOR];
    expect(process.order).toEqual(first);
    expect(process.published).toBe(0);
    await eventually(() => process.published === 1, { what: 'The checkpoint' });
    expect(process.order).toEqual([...first, 'swap', `checkpoint-${ORGANISATION}`, 'told']);
  });
});

describe('§8.6 a note that was signed and not published', () => {
  it('§8.6 is whole in the store, and the next start publishes it before it signs another', async () => {
    const doomed = await start({ faultAt: 2, fault: 'fails but persisted' });
    await doomed.writer.seal(sealRequest([observation(1)]));
    await eventually(() => doomed.writes >= 2, { what: 'The swap' });
    expect((await checkLedger(doomed.ledger)).checkpoints).toBe(0);
    const { writer, ledger } = await start();
    await writer.seal(sealRequest([observation(2)]));
    await eventually(async () => (await checkLedger(ledger)).checkpoints === 2, { what: 'Both notes' });
    const sizes = (await ledger.read(`checkpoint-${ORGANISATION}`)).map(
      ({ data }) => new TextDecoder().decode(data).split('\n')[1],
    );
    expect(sizes).toEqual(['2', '3']);
  });
});

describe('§8.6 records that nobody has signed', () => {
  it('§8.6 are signed by the next load, though nothing new comes', async () => {
    const first = await start({ checkpointDelayMs: 60_000 });
    await first.writer.seal(sealRequest([observation(1)]));
    const second = await start();
    await second.writer.seal(sealRequest([observation(1)]));
    await eventually(() => second.writer.newestCheckpoint?.size === 2, { what: 'A checkpoint' });
  });
});

describe('§8.7 an index', () => {
  if (isSqliteTested())
    it('§8.7 that remembers the chain of another ledger proves nothing: FORK', async () => {
      const own = await start();
      await own.writer.seal(sealRequest([observation(1), observation(2)]));
      await eventually(() => own.writer.newestCheckpoint?.size === 3, { what: 'A checkpoint' });
      await own.stop();
      const elsewhere = tempFolder();
      const other = await WriterProcess.start(elsewhere.path, { organisationId: ORGANISATION });
      await other.writer.seal(sealRequest([observation(3), observation(4)]));
      await other.stop();
      for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder.path, `ledger.sqlite${suffix}`), { force: true });
      cpSync(join(elsewhere.path, 'ledger.sqlite'), join(folder.path, 'ledger.sqlite'));
      elsewhere.remove();
      open.length = 0;
      const process = await start();
      await process.writer.seal(sealRequest([observation(5)]));
      expect(process.stopped).toMatchObject({ reason: 'FORK' });
      expect(await process.ledger.lastRevision(`chain-${ORGANISATION}`)).toBe(2);
    });
});

describe('§8.7 a store that shows an older end', () => {
  it('§8.7 is read again for a while before a short end counts as ROLLBACK', async () => {
    const { writer, ledger, checkpoints, index } = await start();
    await writer.seal(sealRequest([observation(1), observation(2)]));
    await eventually(() => writer.newestCheckpoint?.size === 3, { what: 'A checkpoint' });
    let staleUntil = Date.now() + 1_500;
    const lagging = new Proxy(ledger, {
      get: (target, name) => {
        const value = target[name as keyof Ledger] as (...args: unknown[]) => Promise<unknown>;
        if (name !== 'read') return value.bind(target);
        return async (...args: Parameters<Ledger['read']>) =>
          (await target.read(...args)).filter(
            ({ stream, revision }) => !stream.startsWith('chain-') || revision < 1 || Date.now() > staleUntil,
          );
      },
    });
    const ports = { ledger: lagging, checkpoints, index };
    const { state } = await loadChain({ ...ports, rollbackPatienceMs: 20_000 }, ORGANISATION, KEYS);
    expect(state.tree.size).toBe(3);
    staleUntil = Infinity;
    const impatient = loadChain({ ...ports, rollbackPatienceMs: 0 }, ORGANISATION, KEYS);
    await expect(impatient).rejects.toMatchObject({ reason: 'ROLLBACK' });
  });
});

describe('a full disk', () => {
  const SQLITE_FULL = 13;
  const database = (owner: object) =>
    (owner as { db: { exec: (sql: string) => void; prepare: (sql: string) => Statement } }).db;
  interface Statement {
    get: () => Record<string, number>;
    run: (...values: string[]) => void;
  }
  const fill = (owner: object): void => {
    const { page_count } = database(owner).prepare('PRAGMA page_count').get();
    database(owner).exec(`PRAGMA max_page_count = ${page_count}`);
  };
  const makeRoom = (owner: object): void => database(owner).exec('PRAGMA max_page_count = 1000000');
  const large = (number: number) => sealRequest([observation(number, { payload: { text: 'x'.repeat(100_000) } })]);

  if (isSqliteTested())
    it('of the ledger is Unavailable, loses nothing that was acknowledged, and ends when there is room', async () => {
      const { writer, ledger } = await start({ appendThread: false });
      const { file } = ledger as unknown as { file: object };
      await writer.seal(large(1));
      fill(file);
      await expect(writer.seal(large(2))).rejects.toMatchObject({
        name: 'Unavailable',
        cause: { errcode: SQLITE_FULL },
      });
      expect((await checkLedger(ledger)).events).toBe(2);
      makeRoom(file);
      await writer.seal(large(2));
      await eventually(() => writer.newestCheckpoint?.size === 3, { what: 'A checkpoint over all' });
    });

  it('of the checkpoint store holds up no sealing, and what was sealed is signed when there is room', async () => {
    const { writer, checkpoints, ledger } = await start();
    fill(checkpoints);
    // Rows that are smaller than a note, until SQLite itself says that there is no room for one.
    const filler = database(checkpoints).prepare('INSERT INTO checkpoints VALUES (?, 1, zeroblob(32), zeroblob(100))');
    const tillFull = (): void => {
      for (let row = 0; ; row += 1) filler.run(`filler ${row}`);
    };
    expect(tillFull).toThrow('full');
    await writer.seal(large(1));
    await writer.seal(large(1));
    const note = { size: 9, root: new Uint8Array(32), note: 'x'.repeat(300) };
    await expect(checkpoints.swap(KEYS.origin, null, note)).rejects.toMatchObject({
      name: 'Unavailable',
      cause: { errcode: SQLITE_FULL },
    });
    expect((await checkLedger(ledger)).checkpoints).toBe(0);
    makeRoom(checkpoints);
    await eventually(() => writer.newestCheckpoint?.size === 2, { what: 'A checkpoint without another event' });
  });
});

describe('a process that is stopped and woken up', () => {
  it('finds that another wrote meanwhile: every fact stands once, and the checkpoints agree', async () => {
    const numbers = Array.from({ length: 60 }, (_, number) => number);
    const doom: Doom = {
      folder: folder.path,
      options: { organisationId: ORGANISATION, fault: 'sleeps', faultAt: 20 },
      parts: numbers.map((number) => sealRequest([observation(number)])),
      writesOfFirst: 0,
    };
    const args = doomedWriter(doom);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const exited = once(child, 'exit');
    const told: string[] = [];
    createInterface(child.stdout).on('line', (line) => told.push(line));
    await eventually(() => told.includes('asleep'), { what: 'The stopped process', deadlineMs: 20_000 });
    const { writer, ledger } = await start();
    const seal = (number: number) =>
      eventually(() => writer.seal(sealRequest([observation(number)])).then(() => true), {
        what: 'It',
        deadlineMs: 30_000,
      });
    for (const number of [59, 60, 61]) await seal(number);
    child.kill('SIGCONT');
    await Promise.all([40, 41, 62, 63].map(seal));
    expect((await exited)[0]).toBe(0);
    expect((await checkLedger(ledger)).events).toBe(1 + 64);
  }, 60_000);
});
