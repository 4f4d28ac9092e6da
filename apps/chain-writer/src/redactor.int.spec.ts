import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  decodeJson,
  type JsonObject,
  type LegalBasis,
  ledgerStreams,
  makeId,
  type RecordMetadata,
  type RedactRequest,
  SALT_BYTES,
} from '@audital/contracts';
import { jsonEvent, type Ledger, readAll, StreamDeleted } from '@audital/ledger';
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
import { doomedWriter } from './testing/doomed';
import type { Doom } from './testing/doomed-writer';
import { type Fault, WriterProcess, type WriterProcessOptions } from './testing/writer-process';

const ORGANISATION = organisationId();
const PLANTED = 'Grace-Hopper-of-Arlington';

/** Each row is a process, and dozens of calls to a store. */
jest.setTimeout(60_000);

let folder: TempFolder;
const open: WriterProcess[] = [];
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((process) => process.stop().catch(() => undefined)));
  folder.remove();
});

const start = async (o: Partial<WriterProcessOptions> = {}): Promise<WriterProcess> => {
  const process = await WriterProcess.start(folder.path, { organisationId: ORGANISATION, ...o });
  open.push(process);
  return process;
};

/** Position 0 is LOG_CREATED: the event with number n stands at position n. The planted text is in one of them. */
const part = (from: number, to: number, planted: number) =>
  sealRequest(
    Array.from({ length: to - from + 1 }, (_, index) => {
      const number = from + index;
      const payload: JsonObject = number === planted ? { reviewer: PLANTED } : { run: `run-${number}` };
      return observation(number, { payload });
    }),
  );

let requests = 0;
const request = (positions: number[], legalBasis: LegalBasis = 'GDPR_ART_17'): RedactRequest => ({
  v: 1,
  organisationId: ORGANISATION,
  requestId: makeId('req', 1, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, ++requests)),
  positions,
  eventIds: [],
  who: 'ada',
  reason: 'asked for by the person',
  legalBasis,
});

/** What readers find at each position. */
async function payloads(ledger: Ledger): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for await (const stored of readAll(ledger, ledgerStreams.chain(ORGANISATION))) {
    const { segment, revision } = decodeJson<RecordMetadata>(stored.metadata);
    found.push(await entry(ledger, segment, revision));
  }
  return found;
}

async function entry(ledger: Ledger, segment: number, revision: number, generation = 1): Promise<string | null> {
  try {
    const stream = ledgerStreams.payload(ORGANISATION, segment, generation);
    const [found] = await ledger.read(stream, { from: revision, limit: 1 });
    return found && found.data.length > SALT_BYTES ? Buffer.from(found.data.subarray(SALT_BYTES)).toString() : null;
  } catch (error) {
    if (!(error instanceof StreamDeleted)) throw error;
    return entry(ledger, segment, revision, generation + 1);
  }
}

/** Of the test's folder. In an EventStoreDB the bytes lie elsewhere, until a scavenge: libs/ledger has a test of that. */
const filesHolding = (text: string, within = folder.path): string[] =>
  readdirSync(within, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(text))
    .map(({ name }) => name);

/** Every record links, every payload that stands is the one sealed, and only `gone` have none. */
async function expectGone(ledger: Ledger, gone: number[]): Promise<void> {
  await checkLedger(ledger);
  const found = await payloads(ledger);
  expect(found.flatMap((payload, position) => (payload === null ? [position] : []))).toEqual(gone);
}

describe('a redaction', () => {
  it('is sealed and signed, erases every byte, and leaves the rest byte for byte', async () => {
    const { writer, redactor, ledger } = await start();
    await writer.seal(part(1, 6, 3));
    const before = await payloads(ledger);
    if (isSqliteTested()) expect(filesHolding(PLANTED).length).toBeGreaterThan(0);
    const reply = await redactor.redact(request([3]));
    expect(reply).toMatchObject({ chainPosition: 7, redacted: [3], pending: [] });
    expect(writer.newestCheckpoint?.size).toBe(8);
    await expectGone(ledger, [3]);
    const after = await payloads(ledger);
    expect(after.filter((_, position) => position !== 3).slice(0, 6)).toEqual(before.filter((_, at) => at !== 3));
    expect(JSON.parse(after[7] as string)).toMatchObject({ positions: [3], legalBasis: 'GDPR_ART_17' });
    expect(filesHolding(PLANTED)).toEqual([]);
    // The chain goes on in another segment, also after the next start.
    await writer.seal(part(7, 8, 0));
    await writer.close();
    const again = await start();
    await again.writer.seal(part(9, 9, 0));
    await expectGone(again.ledger, [3]);
  });

  it('by event id; the same request answers the same; another by its id, and what is gone, are refused', async () => {
    const { writer, redactor, ledger } = await start();
    await writer.seal(part(1, 4, 2));
    const [, , second] = await ledger.read(ledgerStreams.chain(ORGANISATION));
    const { id } = decodeJson<{ id: string }>(second?.data as Uint8Array);
    const asked = { ...request([]), eventIds: [id] };
    const first = await redactor.redact(asked);
    expect(first.redacted).toEqual([2]);
    expect(await redactor.redact(asked)).toEqual(first);
    await expect(redactor.redact({ ...asked, positions: [1], eventIds: [] })).rejects.toMatchObject({
      code: 'REQUEST_ID_REUSED',
    });
    await expect(redactor.redact(request([2]))).rejects.toMatchObject({ code: 'ALREADY_REDACTED' });
    await expect(redactor.redact(request([0]))).rejects.toMatchObject({ code: 'NEVER_REDACTED' });
    await expect(redactor.redact(request([77]))).rejects.toMatchObject({ code: 'POSITION_NOT_FOUND' });
    await expect(redactor.redact(request([1], 'CONTRACT'))).rejects.toMatchObject({ code: 'RETENTION_FLOOR' });
    await expectGone(ledger, [2]);
  });

  it('follows another in the same segment, over several segments, while batches are sealed', async () => {
    const { writer, redactor, ledger } = await start();
    for (let from = 1; from < 2400; from += 300) await writer.seal(part(from, from + 299, 0));
    const sealing = Array.from({ length: 20 }, (_, index) => writer.seal(part(3000 + index, 3000 + index, 0)));
    const replies = await Promise.all([
      redactor.redact(request([5, 1500, 2300])),
      redactor.redact(request([6, 2301])),
      ...sealing,
    ]);
    expect(replies.slice(0, 2)).toMatchObject([{ pending: [] }, { pending: [] }]);
    await expectGone(ledger, [5, 6, 1500, 2300, 2301]);
    expect((await checkLedger(ledger)).events).toBe(2401 + 20 + 2);
  }, 60_000);

  it('is refused under a legal hold, which is read in the organisation’s stream', async () => {
    const { writer, redactor, ledger } = await start();
    await writer.seal(part(1, 2, 0));
    const common = { at: '2026-03-02T11:00:00.000Z', by: { type: 'USER', id: 'ada' } };
    const created = { organisationId: ORGANISATION, name: 'Acme', kind: 'LIVE', siblingId: ORGANISATION };
    await ledger.append(`organisation-${ORGANISATION}`, -1, [
      jsonEvent('OrganisationCreated', { ...common, ...created }),
      jsonEvent('LegalHoldPlaced', { ...common, name: 'case-7', reason: 'a lawsuit' }),
    ]);
    await expect(redactor.redact(request([1]))).rejects.toMatchObject({ code: 'LEGAL_HOLD' });
    const lifted = jsonEvent('LegalHoldLifted', { ...common, name: 'case-7', reason: 'settled' });
    await ledger.append(`organisation-${ORGANISATION}`, 1, [lifted]);
    expect(await redactor.redact(request([1]))).toMatchObject({ redacted: [1] });
    await expectGone(ledger, [1]);
  });

  if (isSqliteTested())
    it('says LEDGER while another process reads, and is finished without being asked', async () => {
      const { writer, redactor, ledger } = await start();
      await writer.seal(part(1, 3, 2));
      const reader = new DatabaseSync(join(folder.path, 'ledger.sqlite'));
      reader.exec('BEGIN; SELECT count(*) FROM events');
      reader.prepare('SELECT count(*) FROM events').get();
      const reply = await redactor.redact(request([2]));
      expect(reply.pending).toMatchObject([{ where: 'LEDGER' }]);
      reader.exec('COMMIT');
      reader.close();
      await redactor.resume();
      expect(filesHolding(PLANTED)).toEqual([]);
      await redactor.resume();
      await expectGone(ledger, [2]);
    }, 60_000);
});

describe('the crash table of a redaction: every write × {fails, fails but persisted, kill −9} × restart', () => {
  const PARTS = [part(1, 5, 3)];
  const SEALED = 3;
  // After the part's batch, swap and append: batch, swap, append of PAYLOAD_REDACTED; copy; tombstone; and once more to look.
  const writes = [1, 2, 3, 4, 5].map((write) => SEALED + write);

  async function expectFinished(asked: RedactRequest): Promise<void> {
    const { writer, redactor, ledger } = await start();
    await writer.open();
    const wasSealed = (await checkLedger(ledger)).events === 7;
    await redactor.resume();
    if (!wasSealed) await expectGone(ledger, []);
    if (!wasSealed) await redactor.redact(asked);
    await expectGone(ledger, [3]);
    expect(filesHolding(PLANTED)).toEqual([]);
    expect(await redactor.redact(asked)).toMatchObject({ redacted: [3], pending: [] });
    await writer.seal(part(6, 8, 0));
    await expectGone(ledger, [3]);
  }

  const rows = writes.flatMap((write) =>
    (['fails', 'fails but persisted'] as Fault[]).map((fault) => [write, fault] as const),
  );
  it.each(rows)('write %i %s', async (faultAt, fault) => {
    const doomed = await start({ faultAt, fault });
    await doomed.writer.seal(PARTS[0] as (typeof PARTS)[number]);
    await eventually(() => doomed.writes >= SEALED, { what: 'The checkpoint of the part' });
    const asked = request([3]);
    // An answer that says LEDGER, or none: the process is as good as dead.
    await doomed.redactor.redact(asked).catch(() => undefined);
    await checkLedger(doomed.ledger);
    await doomed.stop().catch(() => undefined);
    open.length = 0;
    await expectFinished(asked);
  });

  const kills = writes.flatMap((write) =>
    (['dies', 'dies after it'] as Fault[]).map((fault) => [write, fault] as const),
  );
  // The short run: before the record is sealed, in the copy, before and after the tombstone.
  const few = kills.filter(([write, fault]) => write === 8 || (fault === 'dies' && write !== 5 && write !== 6));

  it.each(process.env['AUDITAL_LONG'] ? kills : few)(
    'write %i: the process %s',
    async (faultAt, fault) => {
      const redaction = request([3]);
      const options = { organisationId: ORGANISATION, faultAt, fault };
      const doom: Doom = { folder: folder.path, parts: PARTS, options, writesOfFirst: SEALED, redaction };
      const args = doomedWriter(doom);
      const { signal, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
      expect([signal, stderr]).toEqual(['SIGKILL', '']);
      await expectFinished(redaction);
    },
    30_000,
  );
});
