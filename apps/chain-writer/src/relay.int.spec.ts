import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type AuditEvent, makeId, type RedactRequest, subjects } from '@audital/contracts';
import type { Bus } from '@audital/messaging';
import {
  checkLedger,
  eventually,
  isSqliteTested,
  observation,
  organisationId,
  sealRequest,
  startNats,
  tempFolder,
  type TempFolder,
  type TestNats,
} from '@audital/testing';
import type { KeptCheckpoint } from './adapters/checkpoint-store';
import { Relay } from './relay';
import { WriterProcess } from './testing/writer-process';

const ORGANISATION = organisationId();
const DAY_MS = 24 * 60 * 60_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined } as never;

let nats: TestNats;
let folder: TempFolder;
let bus: Bus;
let process: WriterProcess;
let told: KeptCheckpoint[];
/** Those that subscribers have heard of. */
let checkpoints: unknown[];
const relays: Relay[] = [];

beforeEach(async () => {
  nats = await startNats();
  folder = tempFolder();
  bus = await nats.connect('chain-writer');
  await bus.ensureStreams(['AUDIT']);
  told = [];
  checkpoints = [];
  process = await WriterProcess.start(folder.path, {
    organisationId: ORGANISATION,
    outlets: { checkpointPublished: (_id, checkpoint) => void told.push(checkpoint) },
  });
});
afterEach(async () => {
  for (const relay of relays.splice(0)) relay.close();
  try {
    await checkLedger(process.ledger);
  } finally {
    await process.stop();
    await nats.stop();
    folder.remove();
  }
});

const relay = (now: () => Date = () => new Date()): Relay => {
  const { ledger } = process;
  const redactedBy = (position: number): Promise<string | null> => process.redactor.redactedBy(position);
  const keyIdOf = ({ size }: KeptCheckpoint): string => process.writer.signing.keyIdAt(size);
  const common = { ledger, bus, log: silent, keyIdOf, auditRetentionMs: 30 * DAY_MS };
  const one = new Relay(ORGANISATION, { ...common, now, redactedBy });
  relays.push(one);
  return one;
};
const seal = (...numbers: number[]) => process.writer.seal(sealRequest(numbers.map((number) => observation(number))));
const newest = async (size: number): Promise<KeptCheckpoint> =>
  eventually(() => told.find((checkpoint) => checkpoint.size === size), { what: `A checkpoint of ${size}` });

/** The position of the newest event that AUDIT holds of the organisation. */
async function newestInAudit(): Promise<number | undefined> {
  const last = await bus.lastMessage('AUDIT', subjects.auditOf(ORGANISATION));
  return (last?.body as AuditEvent | undefined)?.chainPosition;
}

async function hearing(): Promise<AuditEvent[]> {
  const viewer = await nats.connect('viewer');
  const events: AuditEvent[] = [];
  viewer.listen('audit.>', (body, subject) => {
    if (subject.endsWith('.checkpoint')) checkpoints.push(body);
    else events.push(body as AuditEvent);
  });
  // The subscription is at the server when an answer to something later has come.
  await bus.lastMessage('AUDIT', subjects.auditOf(ORGANISATION));
  return events;
}

describe('§8.9 the relay', () => {
  it('tells in order, verified, and only what lies under the published checkpoint', async () => {
    const heard = await hearing();
    await seal(1, 2);
    const first = await newest(3);
    await seal(3);
    await newest(4);
    const one = relay();
    one.follow(first);
    await eventually(() => heard.length === 3, { what: 'Three events' });
    one.follow(await newest(4));
    await eventually(() => heard.length === 4, { what: 'The fourth' });
    expect(heard.map(({ chainPosition }) => chainPosition)).toEqual([0, 1, 2, 3]);
    expect(heard.every(({ verified }) => verified)).toBe(true);
    expect(heard.map(({ verification }) => verification.checkpointSize)).toEqual([3, 3, 3, 4]);
  });

  it('names the key that signs the checkpoint: after a rotation the new one', async () => {
    const heard = await hearing();
    const one = relay();
    const rotate = (phase: 'ADD' | 'RETIRE') =>
      process.rotation.rotate({ v: 1, organisationId: ORGANISATION, phase, epoch: null, by: 'ada', reason: 'yearly' });
    const { live } = await rotate('ADD');
    one.follow(await newest(2));
    await eventually(() => heard.length === 2, { what: 'LOG_CREATED and KEY_ADDED' });
    await rotate('RETIRE');
    one.follow(await newest(3));
    await eventually(() => heard.length === 3, { what: 'KEY_RETIRED' });
    const [first, second] = live.map(({ keyId }) => keyId);
    expect(heard.map(({ verification }) => verification.keyId)).toEqual([first, first, second]);
  });

  it('goes on after the last message that AUDIT has, whoever told it', async () => {
    await seal(1);
    relay().follow(await newest(2));
    await eventually(async () => (await newestInAudit()) === 1, { what: 'Two events in AUDIT' });
    const heard = await hearing();
    await seal(2);
    relay().follow(await newest(3));
    await eventually(() => heard.length > 0, { what: 'The third event' });
    expect(heard.map(({ chainPosition }) => chainPosition)).toEqual([2]);
  });

  it('goes by its own organisation, whatever AUDIT holds of another', async () => {
    await seal(1);
    const subject = subjects.audit(organisationId(2), 'API', 'INFERENCE');
    await bus.publish(subject, { chainPosition: 50 }, { messageId: 'of another' });
    relay().follow(await newest(2));
    await eventually(async () => (await newestInAudit()) === 1, { what: 'Both events in AUDIT' });
  });

  if (isSqliteTested())
    it('says that an event does not verify, when it does not', async () => {
      await seal(1, 2);
      const checkpoint = await newest(3);
      const turnByte = (): void => {
        const file = new DatabaseSync(join(folder.path, 'ledger.sqlite'));
        file.exec('PRAGMA busy_timeout = 5000; DROP TRIGGER IF EXISTS events_never_change');
        const where = `stream = 'payload-${ORGANISATION}-0' AND revision = 1`;
        const { data } = file.prepare(`SELECT data FROM events WHERE ${where}`).get() as { data: Uint8Array };
        data[40] = (data[40] as number) ^ 1;
        file.prepare(`UPDATE events SET data = ? WHERE ${where}`).run(data);
        file.close();
      };
      turnByte();
      const heard = await hearing();
      relay().follow(checkpoint);
      await eventually(() => heard.length === 3, { what: 'Three events' });
      turnByte();
      expect(heard.map(({ verified }) => verified)).toEqual([true, false, true]);
      expect(heard[1]).toMatchObject({ payload: null, verification: { level: 'stored', status: 'failed' } });
    });

  if (isSqliteTested())
    it('says redacted of what was redacted, and failed of what is merely missing', async () => {
      await seal(1, 2, 3);
      await newest(4);
      const redaction: RedactRequest = {
        ...{ v: 1, organisationId: ORGANISATION, requestId: makeId('req', 1, new Uint8Array(10)), positions: [1, 2] },
        ...{ eventIds: [], who: 'ada', reason: 'asked for', legalBasis: 'GDPR_ART_17' },
      };
      const { id } = await process.redactor.redact(redaction);
      const segment = `payload-${ORGANISATION}-0.2`;
      const [, , , kept] = await process.ledger.read(segment);
      const lose = (data: Uint8Array): void => {
        const file = new DatabaseSync(join(folder.path, 'ledger.sqlite'));
        file.exec('PRAGMA busy_timeout = 5000; DROP TRIGGER IF EXISTS events_never_change');
        file.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = 3').run(data, segment);
        file.close();
      };
      lose(new Uint8Array(0));
      const heard = await hearing();
      relay().follow(await newest(5));
      await eventually(() => heard.length === 5, { what: 'Five events' });
      lose(kept?.data as Uint8Array);
      const reason = `The payload was redacted by ${id}; the record stands.`;
      const redacted = {
        verified: false,
        payload: null,
        verification: { level: 'included', status: 'redacted', reason },
      };
      expect(heard.slice(1, 3)).toMatchObject([redacted, redacted]);
      expect(heard[3]).toMatchObject({ verified: false, verification: { level: 'stored', status: 'failed' } });
      expect(heard[4]).toMatchObject({ eventType: 'PAYLOAD_REDACTED', verified: true });
    });

  it('tells again, without anything new, what a broker lost that came back empty', async () => {
    const one = relay();
    await seal(1);
    one.follow(await newest(2));
    await eventually(async () => (await newestInAudit()) === 1, { what: 'Both events in AUDIT' });
    await nats.restart({ wipe: true });
    await eventually(() => bus.connected(), { what: 'The connection', deadlineMs: 30_000 });
    await bus.ensureStreams(['AUDIT']);
    one.lookAgain();
    await eventually(async () => (await newestInAudit()) === 1, { what: 'Both in the new AUDIT', deadlineMs: 30_000 });
  }, 60_000);

  it('begins, where AUDIT is empty, at the oldest event that its retention would still hold', async () => {
    await seal(1);
    await newest(2);
    const heard = await hearing();
    // 31 days later everything sealed so far is older than AUDIT would keep it: the checkpoint alone is told.
    relay(() => new Date(Date.now() + 31 * DAY_MS)).follow(await newest(2));
    await eventually(() => checkpoints.length === 1, { what: 'The checkpoint' });
    expect(heard).toEqual([]);
    await seal(2);
    relay().follow(await newest(3));
    await eventually(() => heard.some(({ chainPosition }) => chainPosition === 2), { what: 'The newest event' });
    expect(heard.map(({ chainPosition }) => chainPosition)).toEqual([0, 1, 2]);
  });

  it('never holds up sealing: the broker is away, comes back empty, and hears everything in order', async () => {
    const one = relay();
    await seal(1);
    one.follow(await newest(2));
    await nats.kill();
    await seal(2);
    one.follow(await newest(3));
    await seal(3);
    one.follow(await newest(4));
    await nats.start({ wipe: true });
    await eventually(() => bus.connected(), { what: 'The connection', deadlineMs: 30_000 });
    await bus.ensureStreams(['AUDIT']);
    one.lookAgain();
    await eventually(async () => (await newestInAudit()) === 3, {
      what: 'The newest event in the new AUDIT',
      deadlineMs: 30_000,
    });
    expect((await bus.lastMessage('AUDIT', subjects.auditOf(ORGANISATION)))?.body).toMatchObject({ verified: true });
  }, 60_000);
});
