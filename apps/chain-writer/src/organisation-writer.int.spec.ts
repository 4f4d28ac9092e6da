import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseRecord } from '@audital/chain/check';
import type { AppendRequest } from '@audital/contracts';
import type { Ledger } from '@audital/ledger';
import {
  checkLedger,
  eventually,
  integrationId,
  observation,
  openTestLedger,
  organisationId,
  sealRequest,
  seeded,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import type { OrganisationWriter } from './organisation-writer';
import { type Fault, WriterProcess, type WriterProcessOptions } from './testing/writer-process';

const ORGANISATION = organisationId();
const CURSOR = `cursor-${integrationId()}`;

const userEvent: AppendRequest = {
  v: 1,
  organisationId: ORGANISATION,
  idempotencyKey: 'order-1',
  eventType: 'HUMAN_REVIEW',
  source: 'API',
  severity: 'INFO',
  timestamp: null,
  actor: { type: 'API_KEY', id: 'key' },
  modelId: null,
  payload: { approved: true },
  tags: ['a'],
};

const part = (expectedRevision: number, ...numbers: number[]) =>
  sealRequest(
    numbers.map((number) => observation(number)),
    {
      cursor: {
        stream: CURSOR,
        expectedRevision,
        integrationRevision: -1,
        changes: [{ kind: 'mark', at: String(expectedRevision) }],
      },
    },
  );

/** A row of the crash table is dozens of calls to a store, which may be a server. */
jest.setTimeout(60_000);

let folder: TempFolder;
const open: WriterProcess[] = [];
const start = async (o: Partial<WriterProcessOptions> = {}): Promise<WriterProcess> => {
  const process = await WriterProcess.start(folder.path, { organisationId: ORGANISATION, ...o });
  open.push(process);
  return process;
};
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  const ledger = await openTestLedger(folder.path, []);
  await checkLedger(ledger).finally(() => ledger.close());
  await Promise.all(open.splice(0).map((process) => process.stop().catch(() => undefined)));
  folder.remove();
});

const factsIn = async (ledger: Ledger): Promise<number> => (await checkLedger(ledger)).events;

describe('the crash table: every write × {fails, fails but persisted} × restart (DESIGN §8.3, §8.6)', () => {
  // A part of two records: payloads, records, cursor (in one write, or in three); checkpoint swap, checkpoint append. Then a second part.
  const rows = ([false, true] as const).flatMap((oneByOne) =>
    Array.from({ length: oneByOne ? 10 : 6 }, (_, index) => index + 1).flatMap((faultAt) =>
      (['fails', 'fails but persisted'] as Fault[]).map(
        (fault) => [faultAt, fault, oneByOne ? 'one stream at a time' : 'a batch in one write'] as const,
      ),
    ),
  );

  it.each(rows)('write %i %s, %s', async (faultAt, fault, store) => {
    const oneByOne = store === 'one stream at a time';
    const doomed = await start({ faultAt, fault, oneByOne });
    const sealed: number[] = [];
    await doomed.writer.seal(part(-1, 1, 2)).then(
      () => sealed.push(1, 2),
      () => undefined,
    );
    await eventually(() => doomed.writes >= (oneByOne ? 5 : 3) || doomed.writes >= faultAt, {
      what: 'The first checkpoint, or the fault',
    });
    await doomed.writer.seal(part(0, 3, 4)).then(
      () => sealed.push(3, 4),
      () => undefined,
    );
    await eventually(() => doomed.writes >= faultAt, { what: 'The fault' });
    await checkLedger(doomed.ledger);
    await doomed.stop().catch(() => undefined);
    open.length = 0;

    const healthy = await start();
    await healthy.writer.open();
    // Nothing was sent yet: the chain alone says where its cursors are.
    const cursor = await healthy.ledger.lastRevision(CURSOR);
    expect(cursor).toBe(Math.floor((await factsIn(healthy.ledger)) / 2) - 1);
    // What the next poll would send: it reads the cursor, and starts from there.
    expect(sealed.length === 4 ? cursor : 1).toBe(1);
    if (cursor < 0) await healthy.writer.seal(part(-1, 1, 2));
    if ((await healthy.ledger.lastRevision(CURSOR)) < 1) await healthy.writer.seal(part(0, 3, 4));
    expect(await factsIn(healthy.ledger)).toBe(5);
    expect(await healthy.ledger.lastRevision(CURSOR)).toBe(1);
    await eventually(() => healthy.writer.newestCheckpoint?.size === 5, { what: 'A checkpoint over all' });
    await eventually(async () => (await checkLedger(healthy.ledger)).checkpoints >= 1, {
      what: 'A published checkpoint',
    });
    expect(healthy.stopped).toBeNull();
  });
});

describe('group commit', () => {
  const requests = (count: number, tags: string[] = []) =>
    Array.from({ length: count }, (_, number) => sealRequest([observation(number, { tags })]));

  it('what waits together is written together: 500 requests take two writes', async () => {
    const process = await start({ checkpointDelayMs: 60_000 });
    await Promise.all(requests(500).map((request) => process.writer.seal(request)));
    expect(process.writes).toBe(2);
    expect(await factsIn(process.ledger)).toBe(501);
  });

  it('§8.5 a batch is as large as one append may be; what did not fit is in the next one', async () => {
    const process = await start({ checkpointDelayMs: 60_000 });
    const largest = Array.from({ length: 32 }, () => 'ü'.repeat(128));
    await Promise.all(requests(200, largest).map((request) => process.writer.seal(request)));
    // 200 records of about 9 KiB: more than two appends of 900 KiB hold, and far fewer than 200.
    expect(process.writes).toBeGreaterThan(2);
    expect(process.writes).toBeLessThan(8);
    expect(await factsIn(process.ledger)).toBe(201);
  });

  it('who sends the same key twice in one batch is answered with one event', async () => {
    const { writer, ledger } = await start();
    const request = { ...userEvent, idempotencyKey: 'twice' };
    const [one, two] = await Promise.all([writer.append(request), writer.append(request)]);
    expect(two).toEqual({ ...one, replayed: true });
    expect(await factsIn(ledger)).toBe(2);
  });
});

describe('two writers', () => {
  it('the revision is the fence: whatever both try, every fact stands once', async () => {
    const [one, two] = [await start(), await start()];
    const attempts = Array.from({ length: 20 }, (_, number) => [one, two].map(({ writer }) => seal(writer, number)));
    await Promise.all(attempts.flat());
    expect(await factsIn(one.ledger)).toBe(21);
  }, 30_000);

  it('a paused writer that wakes up reads the chain again', async () => {
    const [paused, other] = [await start(), await start()];
    await paused.writer.seal(sealRequest([observation(1)]));
    await eventually(() => paused.writer.newestCheckpoint?.size === 2, { what: 'A checkpoint' });
    await other.writer.seal(sealRequest([observation(2)]));
    await seal(paused.writer, 3);
    await seal(paused.writer, 2);
    expect(await factsIn(paused.ledger)).toBe(4);
  });
});

/** As the transport does: tried until it is sealed. */
async function seal(writer: OrganisationWriter, number: number): Promise<void> {
  await eventually(() => writer.seal(sealRequest([observation(number)])).then(() => true), {
    what: `Observation ${number}`,
    deadlineMs: 20_000,
  });
}

describe('a log that stands still', () => {
  it('tells its newest checkpoint again every ten minutes at the latest, by the given clock', async () => {
    let now = Date.parse('2026-03-02T12:00:00.000Z');
    const process = await start({ now: () => new Date(now) });
    await process.writer.seal(sealRequest([observation(1)]));
    await eventually(() => process.published === 1, { what: 'The first publication' });
    // A tick comes every ten seconds.
    const tickFor = (ms: number): void => {
      for (const end = now + ms; now < end; now += 10_000) process.writer.tick();
    };
    tickFor(9 * 60_000);
    expect(process.published).toBe(1);
    tickFor(60_000);
    expect(process.published).toBe(2);
    tickFor(60 * 60_000);
    expect(process.published).toBeGreaterThanOrEqual(8);
    // A clock that went back does not silence it.
    now -= 24 * 60 * 60_000;
    process.writer.tick();
    const after = process.published;
    tickFor(10 * 60_000);
    expect(process.published).toBeGreaterThan(after);
  });
});

describe('redelivery', () => {
  it('a storm of shuffled and repeated parts seals each fact once, in parts that follow each other', async () => {
    const random = seeded(42);
    const { writer, ledger } = await start();
    const storm = Array.from({ length: 30 }, (_, index) => part(index - 1, 2 * index, 2 * index + 1)).flatMap((one) => [
      one,
      one,
      one,
    ]);
    for (let round = 0; (await ledger.lastRevision(CURSOR)) < 29; round += 1) {
      if (round > 50) throw new Error('The cursor did not get to its end.');
      await Promise.all(storm.toSorted(() => random() - 0.5).map((one) => writer.seal(one)));
    }
    expect(await factsIn(ledger)).toBe(61);
  }, 30_000);

  it('the clock may go back, also over a restart: recordedAt does not, and what is sealed is signed', async () => {
    let now = Date.parse('2026-03-02T12:00:00.000Z');
    const backwards = { now: () => new Date((now -= 60_000)) };
    const first = await start(backwards);
    for (const number of [1, 2, 3]) await first.writer.seal(sealRequest([observation(number)]));
    await first.stop();
    open.length = 0;
    const { writer, ledger } = await start(backwards);
    await writer.seal(sealRequest([observation(4)]));
    expect(await factsIn(ledger)).toBe(5);
    const times = (await ledger.read(`chain-${ORGANISATION}`)).map(({ data }) => parseRecord(data).recordedAt);
    expect(times).toEqual(times.toSorted());
    expect(now).toBeLessThan(Date.parse(times[0] as string));
    await eventually(() => writer.newestCheckpoint?.size === 5, { what: 'A checkpoint over all' });
  });

  it('a fact that was refused is settled, also for another process and when the index was built again (DESIGN §8.5)', async () => {
    const refused = () => sealRequest([observation(1, { severity: 'LOUD' as never })]);
    const first = await start();
    await first.writer.seal(refused());
    // As a later version may see it: the same fact, in order now.
    await Promise.all([first.writer.seal(refused()), first.writer.seal(sealRequest([observation(1)]))]);
    expect(await factsIn(first.ledger)).toBe(2);
    await first.stop();
    open.length = 0;
    const second = await start();
    await second.writer.seal(sealRequest([observation(1)]));
    await second.stop();
    open.length = 0;
    rmSync(join(folder.path, 'index'), { recursive: true });
    const third = await start();
    await third.writer.seal(sealRequest([observation(1)]));
    expect(await factsIn(third.ledger)).toBe(2);
  });

  it('an index that is gone is built again from the chain', async () => {
    const first = await start();
    await first.writer.seal(sealRequest([observation(1), observation(2)]));
    await first.stop();
    open.length = 0;
    new DatabaseSync(join(folder.path, 'index', 'identities.sqlite')).exec(
      'DELETE FROM identities; DELETE FROM stamps',
    );
    const second = await start();
    await second.writer.seal(sealRequest([observation(2), observation(3)]));
    expect(await factsIn(second.ledger)).toBe(4);
  });
});

describe('§8.7 before the first append, the chain is compared with the checkpoint store', () => {
  async function sealedAndClosed(): Promise<void> {
    const process = await start();
    await process.writer.seal(sealRequest([observation(1), observation(2)]));
    await eventually(() => process.writer.newestCheckpoint?.size === 3, { what: 'A checkpoint' });
    await process.stop();
    open.length = 0;
  }
  const inStore = (sql: string): void => {
    const db = new DatabaseSync(join(folder.path, 'checkpoints.sqlite'));
    db.exec(sql);
    db.close();
  };
  async function expectStopped(reason: string): Promise<void> {
    const process = await start();
    const before = await process.ledger.lastRevision(`chain-${ORGANISATION}`);
    // §8.8: a poll is acknowledged and dropped, its cursor has not moved.
    await process.writer.seal(part(-1, 9));
    expect(process.stopped?.message).toContain(reason);
    expect(await process.ledger.lastRevision(`chain-${ORGANISATION}`)).toBe(before);
    expect(await process.ledger.lastRevision(CURSOR)).toBe(-1);
    const request = {
      v: 1,
      organisationId: ORGANISATION,
      idempotencyKey: 'k',
      eventType: 'INFERENCE',
      source: 'API',
      severity: 'INFO',
      timestamp: null,
      actor: { type: 'API_KEY', id: 'key' },
      modelId: null,
      payload: {},
      tags: [],
    } as const;
    await expect(process.writer.append({ ...request, tags: [] })).rejects.toMatchObject({
      name: 'Unavailable',
      message: expect.stringContaining(reason),
    });
  }

  it('LOST_MEMORY: an empty store beside a chain that has checkpoints', async () => {
    await sealedAndClosed();
    inStore('DELETE FROM checkpoints');
    await expectStopped('LOST_MEMORY');
  });

  it('ROLLBACK: a ledger that is shorter than what was signed for', async () => {
    await sealedAndClosed();
    inStore('UPDATE checkpoints SET size = size + 2');
    await expectStopped('ROLLBACK');
  });

  it('FORK: other records than the ones that were signed for', async () => {
    await sealedAndClosed();
    inStore('UPDATE checkpoints SET root = zeroblob(32)');
    await expectStopped('FORK');
  });
});

describe('§8.10 a user’s event', () => {
  it('is answered from the ledger when its key comes again, and refused with other content', async () => {
    const { writer, ledger } = await start();
    const first = await writer.append(userEvent);
    expect(await writer.append(userEvent)).toEqual({ ...first, replayed: true });
    await expect(writer.append({ ...userEvent, payload: { approved: false } })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expect(writer.append({ ...userEvent, idempotencyKey: 'x', eventType: 'LOG_CREATED' })).rejects.toMatchObject({
      code: 'EVENT_RESERVED',
    });
    expect(await factsIn(ledger)).toBe(2);
  });
});
