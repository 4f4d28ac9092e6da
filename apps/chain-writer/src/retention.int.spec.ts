import { LEDGER_TYPES, ledgerStreams } from '@audital/contracts';
import { jsonEvent, readAll } from '@audital/ledger';
import { checkLedger, observation, organisationId, sealRequest, tempFolder, type TempFolder } from '@audital/testing';
import { isGone } from './erase-entries';
import { placeOf } from './redactor';
import { Retention } from './retention';
import { WriterProcess, type WriterProcessOptions } from './testing/writer-process';

const ORGANISATION = organisationId();
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const SEALED_AT = Date.parse('2026-01-01T00:00:00.000Z');
/** LOG_CREATED and 999 events fill the first segment; so many more the second; the third stays open. */
const EVENTS = 999 + 1000 + 5;
jest.setTimeout(60_000);

let folder: TempFolder;
let now: number;
let open: WriterProcess[];
beforeEach(() => {
  [folder, now, open] = [tempFolder(), SEALED_AT, []];
});
afterEach(async () => {
  await Promise.all(open.map((process) => process.stop().catch(() => undefined)));
  folder.remove();
});

async function start(o: Partial<WriterProcessOptions> = {}): Promise<WriterProcess & { retention: Retention }> {
  const clock = (): Date => new Date(now);
  const process = await WriterProcess.start(folder.path, {
    organisationId: ORGANISATION,
    now: clock,
    checkpointDelayMs: 60_000,
    ...o,
  });
  open.push(process);
  const { ledger, redactor } = process;
  return Object.assign(process, { retention: new Retention(ORGANISATION, { ledger, redactor, now: clock }) });
}

const common = { at: '2026-01-01T00:00:00.000Z', by: { type: 'USER', id: 'ada' } };
let policyRevision: number;
async function policy({ ledger }: WriterProcess, type: string, data: object): Promise<void> {
  const event = jsonEvent(type, { ...common, ...data });
  await ledger.append(ledgerStreams.organisation(ORGANISATION), policyRevision, [event]);
  policyRevision += 1;
}

/** A chain over three segments, whose payloads are kept for a year. */
async function sealed(process: WriterProcess): Promise<void> {
  policyRevision = -1;
  await policy(process, 'OrganisationCreated', {
    organisationId: ORGANISATION,
    name: 'x',
    kind: 'LIVE',
    siblingId: ORGANISATION,
  });
  await policy(process, 'RetentionSet', { retentionDays: 365 });
  const all = Array.from({ length: EVENTS }, (_, number) => observation(number, { payload: { number } }));
  for (let from = 0; from < EVENTS; from += 500) await process.writer.seal(sealRequest(all.slice(from, from + 500)));
}

/** The positions whose payload is gone, as ranges. */
async function gone({ ledger }: WriterProcess): Promise<string[]> {
  await checkLedger(ledger);
  const ranges: [number, number][] = [];
  for await (const stored of readAll(ledger, ledgerStreams.chain(ORGANISATION))) {
    if (stored.type !== LEDGER_TYPES.record || !(await isGone(ledger, ORGANISATION, placeOf(stored)))) continue;
    const last = ranges.at(-1);
    if (last && last[1] === stored.revision - 1) last[1] = stored.revision;
    else ranges.push([stored.revision, stored.revision]);
  }
  return ranges.map(([from, to]) => `${from}–${to}`);
}
const BOTH = ['1–1999'];

describe('the retention of payloads', () => {
  it('lets whole segments go when their time has come, and neither LOG_CREATED nor the open segment', async () => {
    const process = await start();
    await sealed(process);
    await process.retention.tick();
    expect(await gone(process)).toEqual([]);
    now += 366 * DAY_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual(BOTH);
    // One record for each segment, and nothing more to say in the next hours.
    expect((await checkLedger(process.ledger)).events).toBe(1 + EVENTS + 2);
    now += 2 * 60 * MINUTE_MS;
    await process.retention.tick();
    expect((await checkLedger(process.ledger)).events).toBe(1 + EVENTS + 2);
    // Another process begins at the first segment again, and finds all of it done.
    const next = await start();
    await next.retention.tick();
    expect((await checkLedger(next.ledger)).events).toBe(1 + EVENTS + 2);
  });

  it('looks once an hour, also when the clock was set back in between', async () => {
    const process = await start();
    await sealed(process);
    now = SEALED_AT + 365 * DAY_MS - 30 * MINUTE_MS;
    await process.retention.tick();
    now += 59 * MINUTE_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual([]);
    now += MINUTE_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual(BOTH);
    now -= 400 * DAY_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual(BOTH);
  });

  it('lets nothing go under a legal hold, and goes on in the hour after it was lifted', async () => {
    const process = await start();
    await sealed(process);
    await policy(process, 'LegalHoldPlaced', { name: 'case-7', reason: 'a lawsuit' });
    now += 400 * DAY_MS;
    await process.retention.tick();
    await policy(process, 'LegalHoldLifted', { name: 'case-7', reason: 'settled' });
    await process.retention.tick();
    expect(await gone(process)).toEqual([]);
    now += 61 * MINUTE_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual(BOTH);
  });

  it('shortened, reaches back: what is older than the new time goes with the next look', async () => {
    const process = await start();
    await sealed(process);
    now += 200 * DAY_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual([]);
    await policy(process, 'RetentionSet', { retentionDays: 183 });
    now += 61 * MINUTE_MS;
    await process.retention.tick();
    expect(await gone(process)).toEqual(BOTH);
  });

  it('is finished by the next process when one dies in the copy of a segment, without waiting for the hour', async () => {
    const first = await start();
    await sealed(first);
    await first.stop();
    open.length = 0;
    now += 366 * DAY_MS;
    // Batch with the record, swap, note; then the copy.
    const doomed = await start({ faultAt: 4, fault: 'fails' });
    await doomed.retention.tick();
    expect(await gone(doomed)).toEqual([]);
    await doomed.stop().catch(() => undefined);
    open.length = 0;
    const next = await start();
    await next.writer.open();
    await next.redactor.resume();
    expect(await gone(next)).toEqual(['1–999']);
    await next.retention.tick();
    expect(await gone(next)).toEqual(BOTH);
    expect((await checkLedger(next.ledger)).events).toBe(1 + EVENTS + 2);
  });
});
