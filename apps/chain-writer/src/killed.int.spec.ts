import { spawnSync } from 'node:child_process';
import { checkLedger, eventually, integrationId, observation, organisationId, sealRequest } from '@audital/testing';
import { tempFolder, type TempFolder } from '@audital/testing';
import { doomedWriter } from './testing/doomed';
import type { Doom } from './testing/doomed-writer';
import { type Fault, WriterProcess } from './testing/writer-process';

const CURSOR = `cursor-${integrationId()}`;
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
const PARTS = [part(-1, 1, 2), part(0, 3, 4)];

/** Each row is a process, and dozens of calls to a store. */
jest.setTimeout(60_000);

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

/** The real files, the writer's own code, and a kill -9 by the process itself: nothing of it is left but what is on the disk. */
function runUntilDead(doom: Pick<Doom, 'options' | 'writesOfFirst'>): string[] {
  const argument: Doom = { folder: folder.path, parts: PARTS, ...doom };
  const args = doomedWriter(argument);
  const { signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  if (signal !== 'SIGKILL') throw new Error(`It was to be killed, and ended with ${String(signal)}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the crash table: every write × kill -9 × restart (DESIGN §8.3, §8.6)', () => {
  // Payloads, records, cursor (in one write, or in three); checkpoint swap, checkpoint append. Then a second part.
  const all = ([3, 5] as const).flatMap((writes) =>
    Array.from({ length: writes * 2 }, (_, index) => index + 1).flatMap((at) =>
      (['dies', 'dies after it'] as Fault[]).map((fault) => [at, fault, writes] as const),
    ),
  );
  // The short run takes the first part one stream at a time, and the second as one write.
  const few = all.filter(([at, , writes]) => (writes === 5 ? at <= 5 : at > 3));

  it.each(process.env['AUDITAL_LONG'] ? all : few)('write %i %s, of %i a part', async (faultAt, fault, writes) => {
    const options = { organisationId: organisationId(), faultAt, fault, oneByOne: writes === 5 };
    const acknowledged = runUntilDead({ options, writesOfFirst: writes });
    const { ledger, writer, stop } = await restarted();
    const cursor = await ledger.lastRevision(CURSOR);
    // Nothing was sent yet: the chain alone says where its cursors are.
    expect(cursor).toBe(Math.floor((await checkLedger(ledger)).events / 2) - 1);
    // What was acknowledged is there, with its cursor.
    expect(cursor).toBeGreaterThanOrEqual(acknowledged.length - 1);
    if (cursor < 0) await writer.seal(PARTS[0] as (typeof PARTS)[number]);
    if ((await ledger.lastRevision(CURSOR)) < 1) await writer.seal(PARTS[1] as (typeof PARTS)[number]);
    expect((await checkLedger(ledger)).events).toBe(5);
    expect(await ledger.lastRevision(CURSOR)).toBe(1);
    await eventually(() => writer.newestCheckpoint?.size === 5, { what: 'A checkpoint over all' });
    await eventually(async () => (await checkLedger(ledger)).checkpoints >= 1, { what: 'A published checkpoint' });
    await stop();
  });

  async function restarted() {
    const process = await WriterProcess.start(folder.path, { organisationId: organisationId() });
    await process.writer.open();
    await checkLedger(process.ledger);
    expect(process.stopped).toBeNull();
    return { ledger: process.ledger, writer: process.writer, stop: () => process.stop() };
  }
});
