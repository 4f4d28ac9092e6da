import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ReadoptRequest } from '@audital/contracts';
import {
  checkLedger,
  eventually,
  observation,
  isSqliteTested,
  organisationId,
  sealRequest,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import { WriterProcess } from './testing/writer-process';

const ORGANISATION = organisationId();
const request: ReadoptRequest = {
  v: 1,
  organisationId: ORGANISATION,
  requestId: 'request-1',
  by: 'alice',
  reason: 'the volume was lost',
  knownCheckpoint: null,
};

let folder: TempFolder;
let note: string;
const start = () => WriterProcess.start(folder.path, { organisationId: ORGANISATION });
const edit = (file: string, sql: string): void => {
  const db = new DatabaseSync(join(folder.path, file));
  db.exec(sql);
  db.close();
};

/** A chain of three records whose checkpoint store is empty, and a writer that has found that out. */
beforeEach(async () => {
  folder = tempFolder();
  const first = await start();
  await first.writer.seal(sealRequest([observation(1), observation(2)]));
  await eventually(() => first.writer.newestCheckpoint?.size === 3, { what: 'A checkpoint' });
  note = first.writer.newestCheckpoint?.note ?? '';
  await first.stop();
  edit('checkpoints.sqlite', 'DELETE FROM checkpoints');
});
afterEach(() => folder.remove());

describe('readopt', () => {
  it('ends LOST_MEMORY after a full verification, seals who and why, and signs again', async () => {
    const process = await start();
    await process.writer.open();
    expect(process.stopped?.message).toContain('LOST_MEMORY');
    const reply = await process.writer.readopt({ ...request, knownCheckpoint: note });
    expect(reply).toMatchObject({ size: 3, chainPosition: 3 });
    expect(process.stopped).toBeNull();
    await process.writer.seal(sealRequest([observation(3)]));
    await eventually(() => process.writer.newestCheckpoint?.size === 5, { what: 'A checkpoint over both' });
    // The same request again, as after an answer that was lost: nothing more is sealed.
    expect(await process.writer.readopt({ ...request, knownCheckpoint: note })).toMatchObject({ chainPosition: 3 });
    expect((await checkLedger(process.ledger)).events).toBe(5);
    await process.stop();
  });

  if (isSqliteTested())
    it.each([
      ['a record was changed', 'chain', 1, 'CHAIN_NOT_VERIFIED'],
      ['a payload was changed', 'payload', 2, 'CHAIN_NOT_VERIFIED'],
    ])('refuses when %s', async (_name, kind, revision, code) => {
      const stream = kind === 'chain' ? `chain-${ORGANISATION}` : `payload-${ORGANISATION}-0`;
      edit(
        'ledger.sqlite',
        `DROP TRIGGER events_never_change; UPDATE events SET data = data || x'20' WHERE stream = '${stream}' AND revision = ${revision}`,
      );
      const process = await start();
      await process.writer.open();
      await expect(process.writer.readopt(request)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(`${revision}`),
      });
      expect(process.stopped).not.toBeNull();
      expect(await process.checkpoints.read(`audital.example/log/${ORGANISATION}`)).toBeNull();
      await process.stop();
    });

  if (isSqliteTested())
    it('refuses a ledger that lacks what a checkpoint kept elsewhere covers', async () => {
      edit(
        'ledger.sqlite',
        `DROP TRIGGER events_never_go; DELETE FROM events WHERE stream = 'chain-${ORGANISATION}' AND revision = 2;
       DELETE FROM events WHERE stream = 'checkpoint-${ORGANISATION}'`,
      );
      const process = await start();
      await expect(process.writer.readopt({ ...request, knownCheckpoint: note })).rejects.toMatchObject({
        code: 'NOTHING_TO_READOPT',
      });
      await process.stop();
    });

  it('refuses a checkpoint that another key signed, a request without a reason, and a FORK', async () => {
    const process = await start();
    await process.writer.open();
    const forged = note.replace(/[A-Za-z0-9+/=]{20,}\n$/, (signature) =>
      signature.replace(/^(.{12})./, '$1A').replace(/^(.{12})AA/, '$1AB'),
    );
    await expect(
      process.writer.readopt({ ...request, knownCheckpoint: `${forged.slice(0, -8)}AAAAAA=\n` }),
    ).rejects.toMatchObject({
      code: 'CHECKPOINT_NOT_OURS',
    });
    await expect(process.writer.readopt({ ...request, reason: ' ' })).rejects.toMatchObject({
      code: 'READOPT_INVALID',
    });
    await process.stop();
    edit(
      'checkpoints.sqlite',
      `INSERT INTO checkpoints VALUES ('audital.example/log/${ORGANISATION}', 3, zeroblob(32), 'x')`,
    );
    const forked = await start();
    await forked.writer.open();
    await expect(forked.writer.readopt(request)).rejects.toMatchObject({
      code: 'NOT_LOST_MEMORY',
      message: expect.stringContaining('FORK'),
    });
    await forked.stop();
  });
});
