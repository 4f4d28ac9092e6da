import { hashText } from '@audital/chain/check';
import { sha256 } from '@audital/chain/node';
import { type AppendReply, type AppendRequest, moveBytes, type SealRequest } from '@audital/contracts';
import {
  checkLedger,
  eventually,
  integrationId,
  observation,
  openTestLedger,
  organisationId,
  sealRequest,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import { type Fault, WriterProcess, type WriterProcessOptions } from './testing/writer-process';

const ORGANISATION = organisationId();
const CURSOR = `cursor-${integrationId()}`;
const FULL = 256;
const FACTS = 500;
const PARTS = 6;
const KEYS = 42;

let folder: TempFolder;
const open: WriterProcess[] = [];
const start = async (o: Partial<WriterProcessOptions> = {}): Promise<WriterProcess> => {
  const process = await WriterProcess.start(folder.path, { organisationId: ORGANISATION, ...o });
  open.push(process);
  return process;
};
const stop = () => Promise.all(open.splice(0).map((process) => process.stop().catch(() => undefined)));

beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await stop();
  const ledger = await openTestLedger(folder.path, []);
  await checkLedger(ledger).finally(() => ledger.close());
  folder.remove();
});

const userEvent = (number: number): AppendRequest => ({
  ...{ v: 1, organisationId: ORGANISATION, idempotencyKey: `key-${number}` },
  ...{ eventType: 'HUMAN_REVIEW', source: 'API', severity: 'INFO', timestamp: null, modelId: null, tags: [] },
  ...{ actor: { type: 'API_KEY', id: 'key' }, payload: { number } },
});

const part = (number: number): SealRequest => {
  const changes = (of: number) => [{ kind: 'mark', at: String(of) }];
  const follows = number === 0 ? {} : { follows: hashText(sha256(moveBytes(changes(number - 1)))) };
  const fence = { stream: CURSOR, expectedRevision: number - 1, integrationRevision: -1, ...follows };
  const cursor = { ...fence, changes: changes(number) };
  return sealRequest([observation(FACTS + number)], { cursor });
};

/** Four full batches: every fact and every key again one batch later; parts of one cursor that follow each other from batch to batch. */
async function load({ writer }: WriterProcess): Promise<AppendReply[]> {
  const replies: Promise<AppendReply>[] = [];
  const sealed: Promise<void>[] = [];
  const numbers = Array.from({ length: FACTS }, (_, number) => number);
  const [first, second] = [numbers.slice(0, FACTS / 2), numbers.slice(FACTS / 2)];
  for (const [at, number] of [first, first, second, second].flat().entries()) {
    sealed.push(writer.seal(sealRequest([observation(number)])));
    if (at % 160 === 0) sealed.push(writer.seal(part(at / 160)));
    if (number % 12 === 0) replies.push(writer.append(userEvent(number / 12)));
  }
  const [, answered] = await Promise.all([Promise.all(sealed), Promise.all(replies)]);
  return answered;
}

const EVENTS = 1 + FACTS + PARTS + 1 + KEYS;

describe('a full batch', () => {
  it('is decided while the one before it is being stored; a smaller one waits for that, and grows', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const process = await start({ beforeWrite: (write) => (write === 1 ? held : Promise.resolve()) });
    const looked = jest.spyOn(process.index, 'findAll');
    // Of batches; a single one is asked for by the keys.
    const identities = () => new Set(looked.mock.calls.flatMap(([, asked]) => (asked.length > 1 ? asked : []))).size;
    const seal = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, index) => process.writer.seal(sealRequest([observation(from + index)]))),
      );
    const first = seal(0, 2 * FULL + 10);
    await eventually(() => identities() >= 2 * FULL, { what: 'Deciding the second batch' });
    const second = seal(2 * FULL + 10, 2 * FULL + 20);
    release();
    await Promise.all([first, second]);
    expect(identities()).toBe(2 * FULL + 20);
    expect((await checkLedger(process.ledger)).events).toBe(1 + 2 * FULL + 20);
    expect(process.order.filter((streams) => streams.includes('chain-'))).toHaveLength(3);
  });

  it('knows what is in flight: facts and keys stand once, and a cursor goes on from there (DESIGN §8.2, §8.4, §8.10)', async () => {
    const process = await start();
    const replies = await load(process);
    expect((await checkLedger(process.ledger)).events).toBe(EVENTS);
    expect(await process.ledger.lastRevision(CURSOR)).toBe(PARTS);
    const byKey = Map.groupBy(replies, ({ chainPosition }) => chainPosition);
    expect(byKey.size).toBe(KEYS);
    for (const same of byKey.values()) expect(same.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  const faults: Fault[] = ['fails', 'fails but persisted'];
  const table = faults.flatMap((fault) => [
    ...[1, 2, 3].map((faultAt) => ({ fault, oneByOne: false, faultAt })),
    ...[1, 2, 3, 5, 8].map((faultAt) => ({ fault, oneByOne: true, faultAt })),
  ]);
  it.each(table)(
    'was decided upon one that $fault (write $faultAt, one by one: $oneByOne): decided anew',
    async (o) => {
      const doomed = await start(o);
      await expect(load(doomed)).rejects.toMatchObject({ name: 'Unavailable' });
      await stop();
      const process = await start();
      // Parts that overtook a lost one are dropped: the next poll begins where the cursor stands.
      await eventually(
        async () => {
          await load(process);
          return (await process.ledger.lastRevision(CURSOR)) === PARTS;
        },
        { what: 'The cursor at its end', deadlineMs: 30_000 },
      );
      expect((await checkLedger(process.ledger)).events).toBe(EVENTS);
    },
  );

  it('whose forerunner met another writer is decided anew, and only the forerunner hears of it', async () => {
    let meddle = async (): Promise<void> => undefined;
    const process = await start({ beforeWrite: (write) => (write === 1 ? meddle() : Promise.resolve()) });
    const other = await start();
    meddle = () => other.writer.seal(sealRequest([observation(FACTS)]));
    const all = Array.from({ length: 3 * FULL }, (_, number) =>
      process.writer.seal(sealRequest([observation(number)])),
    );
    const settled = await Promise.allSettled(all);
    expect(settled.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual(
      Array.from({ length: FULL }, (_, index) => index),
    );
    // Fact 500 stands already.
    expect((await checkLedger(process.ledger)).events).toBe(1 + 2 * FULL);
  });
});
