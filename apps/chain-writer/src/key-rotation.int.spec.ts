import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint, parseVkey, toHex } from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { ledgerStreams, type RotateKeyRequest } from '@audital/contracts';
import {
  checkLedger,
  eventually,
  observation,
  organisationId,
  sealRequest,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import { organisationKeys } from './adapters/keys';
import { doomedWriter } from './testing/doomed';
import type { Doom } from './testing/doomed-writer';
import { type Fault, WriterProcess, type WriterProcessOptions } from './testing/writer-process';

const ORGANISATION = organisationId();
const KEYS = organisationKeys(Buffer.alloc(32, 3), ORGANISATION, 'audital.example');
const keyIds = (...epochs: number[]): string[] =>
  epochs.map((epoch) => toHex(parseVkey(sha256, KEYS.key(epoch).vkey).keyId));

/** Each row is a process, and dozens of calls to a store. */
jest.setTimeout(60_000);

let folder: TempFolder;
const open: WriterProcess[] = [];
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  try {
    for (const { ledger } of open) await checkLedger(ledger);
  } finally {
    await Promise.all(open.splice(0).map((process) => process.stop().catch(() => undefined)));
    folder.remove();
  }
});

const start = async (o: Partial<WriterProcessOptions> = {}): Promise<WriterProcess> => {
  const process = await WriterProcess.start(folder.path, { organisationId: ORGANISATION, ...o });
  open.push(process);
  return process;
};
const stop = async (process: WriterProcess): Promise<void> => {
  await process.stop().catch(() => undefined);
  open.length = 0;
};
const part = (...numbers: number[]) => sealRequest(numbers.map((number) => observation(number)));
const request = (phase: 'ADD' | 'RETIRE', epoch: number | null = null): RotateKeyRequest => ({
  ...{ v: 1, organisationId: ORGANISATION, phase, epoch },
  by: 'ada',
  reason: 'once a year',
});

/** Which keys signed the newest checkpoint, and of how many events. */
function signers({ writer }: WriterProcess): { size: number; by: string[] } {
  const keys = [1, 2, 3].map((epoch) => parseVkey(sha256, KEYS.key(epoch).vkey));
  const opened = openCheckpoint(writer.newestCheckpoint?.note ?? '', keys, verifyEd25519);
  return { size: opened.size, by: opened.keys.map(({ keyId }) => toHex(keyId)) };
}
const signedTo = (process: WriterProcess, size: number): Promise<unknown> =>
  eventually(() => process.writer.newestCheckpoint?.size === size, { what: `A checkpoint of ${size}` });

describe('a rotation of keys: A → A+B → B', () => {
  it('signs with both from the event that adds, and with the new one from the event that retires', async () => {
    const process = await start();
    await process.writer.seal(part(1, 2));
    await signedTo(process, 3);
    expect(signers(process)).toEqual({ size: 3, by: keyIds(1) });
    await expect(process.rotation.rotate(request('RETIRE'))).rejects.toMatchObject({ code: 'KEY_NOT_ADDED' });

    const added = await process.rotation.rotate(request('ADD'));
    expect(added).toMatchObject({ chainPosition: 3, replayed: false, checkpointSize: 4, key: { epoch: 2 } });
    expect(added.live.map(({ keyId }) => keyId)).toEqual(keyIds(1, 2));
    expect(signers(process)).toEqual({ size: 4, by: keyIds(1, 2) });
    expect(await process.rotation.rotate(request('ADD'))).toEqual({ ...added, replayed: true });
    await process.writer.seal(part(3));
    await signedTo(process, 5);
    expect(signers(process)).toEqual({ size: 5, by: keyIds(1, 2) });

    const retired = await process.rotation.rotate(request('RETIRE'));
    expect(retired).toMatchObject({ chainPosition: 5, checkpointSize: 6, key: { epoch: 1 }, live: [{ epoch: 2 }] });
    expect(await process.rotation.rotate(request('RETIRE'))).toEqual({ ...retired, replayed: true });
    await process.writer.seal(part(4));
    await signedTo(process, 7);
    expect(signers(process)).toEqual({ size: 7, by: keyIds(2) });
    // What subscribers are told: the first of those that signed.
    const told = [3, 4, 5, 6, 7].map((size) => process.writer.signing.keyIdAt(size));
    expect(told).toEqual([...keyIds(1, 1, 1), ...keyIds(2, 2)]);
    expect(await checkLedger(process.ledger)).toEqual({ organisations: 1, events: 7, checkpoints: 5 });
  });

  it('goes on by the chain after a restart without an index, and a second time', async () => {
    let process = await start();
    await process.writer.seal(part(1));
    for (const phase of ['ADD', 'RETIRE', 'ADD', 'RETIRE'] as const) {
      await process.rotation.rotate(request(phase));
      await stop(process);
      rmSync(join(folder.path, 'index'), { recursive: true });
      process = await start();
      await process.writer.open();
      expect(process.stopped).toBeNull();
    }
    expect(signers(process)).toEqual({ size: 6, by: keyIds(3) });
    expect(await process.rotation.rotate(request('ADD', 2))).toMatchObject({ replayed: true, live: [{ epoch: 3 }] });
    expect((await checkLedger(process.ledger)).events).toBe(6);
  });

  it('begins a chain, when it is asked for before any event', async () => {
    const process = await start();
    await process.rotation.rotate(request('ADD'));
    expect(signers(process)).toEqual({ size: 2, by: keyIds(1, 2) });
  });

  it('survives the loss of checkpoint store and index: readopt knows the keys by the chain that it walks', async () => {
    const process = await start();
    await process.writer.seal(part(1));
    await signedTo(process, 2);
    await process.rotation.rotate(request('ADD'));
    await process.rotation.rotate(request('RETIRE'));
    await stop(process);
    rmSync(join(folder.path, 'index'), { recursive: true });
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(folder.path, `checkpoints.sqlite${suffix}`), { force: true });
    const again = await start();
    await again.writer.open();
    expect(again.stopped?.message).toContain('LOST_MEMORY');
    const decision = { v: 1, organisationId: ORGANISATION, requestId: 'r', by: 'ada', reason: 'lost' } as const;
    const reply = await again.writer.readopt({ ...decision, knownCheckpoint: null });
    expect(reply).toMatchObject({ size: 4, keyId: keyIds(2)[0], chainPosition: 4 });
    await signedTo(again, 5);
    expect(signers(again).by).toEqual(keyIds(2));
  });

  it('takes no part in it from an organisation that is stopped', async () => {
    const process = await start();
    await process.writer.seal(part(1));
    await signedTo(process, 2);
    await stop(process);
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(folder.path, `checkpoints.sqlite${suffix}`), { force: true });
    const stopped = await start();
    await expect(stopped.rotation.rotate(request('ADD'))).rejects.toMatchObject({ dependency: 'chain' });
    expect(await stopped.ledger.lastRevision(ledgerStreams.chain(ORGANISATION))).toBe(1);
  });
});

describe('the crash table of a rotation: every write × {fails, fails but persisted, kill −9} × restart', () => {
  const PARTS = [part(1, 2)];
  // Of the part: batch, swap, append. Then the same of KEY_ADDED, and of KEY_RETIRED.
  const SEALED = 3;
  const writes = [4, 5, 6, 7, 8, 9];

  /** After a restart the checkpoints are those of the chain as it is; and the rotation comes to its one end. */
  async function expectFinished(forgetIndex: boolean): Promise<void> {
    if (forgetIndex) rmSync(join(folder.path, 'index'), { recursive: true });
    const process = await start();
    await process.writer.open();
    expect(process.stopped).toBeNull();
    const { events } = await checkLedger(process.ledger);
    expect(signers(process)).toEqual({ size: events, by: [keyIds(1), keyIds(1, 2), keyIds(2)][events - 3] });
    const added = await process.rotation.rotate(request('ADD', 2));
    const retired = await process.rotation.rotate(request('RETIRE', 1));
    expect([added.replayed, retired.replayed]).toEqual([events > 3, events > 4]);
    await process.writer.seal(part(3));
    await signedTo(process, 6);
    expect(signers(process)).toEqual({ size: 6, by: keyIds(2) });
    expect((await checkLedger(process.ledger)).events).toBe(6);
  }

  // A store that appends one stream at a time has the payload in a write before the record's.
  const rows = ([SEALED, SEALED + 1] as const).flatMap((each) =>
    Array.from({ length: each * 2 }, (_, index) => each + 1 + index).flatMap((write) =>
      (['fails', 'fails but persisted'] as Fault[]).map((fault) => [write, fault, each] as const),
    ),
  );
  it.each(rows)('write %i %s, of %i for each event', async (faultAt, fault, each) => {
    const doomed = await start({ faultAt, fault, oneByOne: each > SEALED });
    await doomed.writer.seal(PARTS[0] as (typeof PARTS)[number]);
    await eventually(() => doomed.writes >= each, { what: 'The checkpoint of the part' });
    // The process is as good as dead from the fault on.
    await doomed.rotation.rotate(request('ADD')).catch(() => undefined);
    await doomed.rotation.rotate(request('RETIRE')).catch(() => undefined);
    await checkLedger(doomed.ledger);
    await stop(doomed);
    await expectFinished(faultAt % 2 === 0);
  });

  const kills = writes.flatMap((write) =>
    (['dies', 'dies after it'] as Fault[]).map((fault) => [write, fault] as const),
  );
  // The short run: between each change of keys and the first checkpoint by the keys of after it.
  const few = kills.filter(([write, fault]) => (write === 4 || write === 7) && fault === 'dies after it');

  it.each(process.env['AUDITAL_LONG'] ? kills : few)('write %i: the process %s', async (faultAt, fault) => {
    const doom: Doom = {
      ...{ folder: folder.path, parts: PARTS, writesOfFirst: SEALED },
      options: { organisationId: ORGANISATION, faultAt, fault },
      rotations: [request('ADD'), request('RETIRE')],
    };
    const args = doomedWriter(doom);
    const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    expect([signal, stderr]).toEqual(['SIGKILL', '']);
    await expectFinished(fault === 'dies');
  });
});
