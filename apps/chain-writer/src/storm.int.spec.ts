import { join } from 'node:path';
import { type AuditEvent, ledgerStreams, type SealRequest, subjects } from '@audital/contracts';
import { jsonEvent, type Ledger, openLedger } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import {
  checkLedger,
  eventually,
  integrationId,
  observation,
  organisationId,
  sealRequest,
  seeded,
  startNats,
  tempFolder,
  type TempFolder,
  type TestNats,
} from '@audital/testing';
import type { Fate } from './testing/doomed-service';
import { environmentOf, ServiceProcess } from './testing/writer-service';

const LONG = process.env['AUDITAL_LONG'] === '1';
const [ORGANISATION, OTHER] = [organisationId(1), organisationId(2)];
/** What was in the hands of a killed process comes again after its ack_wait of 30 s. */
const REDELIVERED_MS = 60_000;
jest.setTimeout(LONG ? 600_000 : 180_000);

let nats: TestNats;
let folder: TempFolder;
let ledger: Ledger;
let collector: Bus;
const processes: ServiceProcess[] = [];
const start = (over: Record<string, string> = {}, script?: string): ServiceProcess => {
  const process = ServiceProcess.start(environmentOf(folder.path, nats, over), script);
  processes.push(process);
  return process;
};

beforeEach(async () => {
  nats = await startNats();
  folder = tempFolder();
  ledger = await openLedger(`sqlite:${join(folder.path, 'ledger.sqlite')}`, { writes: ['organisation-'] });
  collector = await nats.connect('sagemaker-collector');
  await collector.ensureStreams(['WORK_SEAL']);
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((process) => process.kill()));
  try {
    await checkLedger(ledger);
  } finally {
    await ledger.close();
    await nats.stop();
    folder.remove();
  }
});

let sent = 0;
const send = (request: SealRequest): Promise<unknown> =>
  collector.publish(subjects.sealWork(0, request.organisationId), request, { messageId: `sent ${++sent}` });
const waiting = async (): Promise<number> => (await collector.manager.streams.info('WORK_SEAL')).state.messages;
const allAcknowledged = (): Promise<boolean> =>
  eventually(async () => (await waiting()) === 0, {
    what: 'Every message to be acknowledged',
    deadlineMs: REDELIVERED_MS,
  });

describe('a redelivery storm while the writer is killed, stopped and woken up', () => {
  const PARTS = LONG ? 60 : 20;
  const SINGLES = LONG ? 200 : 60;
  const ROUNDS = LONG ? 10 : 4;

  const part = (organisation: 0 | 1, at: number): SealRequest =>
    sealRequest([observation(2 * at), observation(2 * at + 1)], {
      organisationId: organisation === 0 ? ORGANISATION : OTHER,
      integrationId: integrationId(organisation),
      cursor: {
        stream: ledgerStreams.cursor(integrationId(organisation)),
        ...{ expectedRevision: at - 1, integrationRevision: -1, changes: [{ kind: 'mark', at }] },
      },
    });
  const parts = ([0, 1] as const).flatMap((which) => Array.from({ length: PARTS }, (_, at) => part(which, at)));
  /** Without a cursor, as coverage is reported: what is acknowledged once is never sent again. */
  const singles = Array.from({ length: SINGLES }, (_, number) => sealRequest([observation(10_000 + number)]));

  it('nothing is lost, nothing doubled, no position missing, and all checkpoints agree', async () => {
    const random = seeded(20261126);
    const shuffled = <T>(all: T[]): T[] =>
      all
        .map((one) => [random(), one] as const)
        .toSorted(([a], [b]) => a - b)
        .map(([, one]) => one);
    const storm = (requests: SealRequest[]): Promise<unknown> =>
      Promise.all(shuffled(requests.flatMap((one) => [one, one, one])).map(send));
    const share = Math.ceil(SINGLES / ROUNDS);
    let current = start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = (await checkLedger(ledger)).events;
      await storm([...parts, ...singles.slice(round * share, (round + 1) * share)]);
      const enough = before + 1 + Math.floor(random() * 20);
      await eventually(async () => (await checkLedger(ledger)).events >= enough || (await waiting()) === 0, {
        what: 'The storm to be taken up',
        deadlineMs: REDELIVERED_MS,
      });
      if (round % 2 === 0) await current.kill();
      const old = current;
      if (round % 2 === 1) old.signal('SIGSTOP');
      current = start();
      if (round % 2 === 0) continue;
      // Stopped in the middle of a transaction it holds the file: the other writer is told so, and waits.
      await storm(parts);
      await eventually(async () => (await checkLedger(ledger)).events > enough, {
        what: 'The other',
        deadlineMs: 4_000,
      }).catch(() => undefined);
      old.signal('SIGCONT');
      await storm(parts);
      await old.kill();
    }
    const cursor = (which: number) => ledger.lastRevision(ledgerStreams.cursor(integrationId(which)));
    // As polls do: what was dropped is seen again, from where the cursor is.
    await eventually(
      async () => {
        const [one, two] = [await cursor(0), await cursor(1)];
        if (one === PARTS - 1 && two === PARTS - 1) return true;
        await Promise.all([...parts.slice(one + 1, PARTS), ...parts.slice(PARTS + two + 1)].map(send));
        return false;
      },
      { what: 'Both cursors at their ends', deadlineMs: REDELIVERED_MS },
    );
    await allAcknowledged();
    expect((await checkLedger(ledger)).events).toBe(2 * (1 + 2 * PARTS) + SINGLES);
    await eventually(async () => (await newestTold(ORGANISATION)) === 2 * PARTS + SINGLES, {
      what: 'The relay',
      deadlineMs: 30_000,
    });
  });
});

async function audit(organisation = ORGANISATION): Promise<AuditEvent[]> {
  const reader = await nats.connect('chain-writer');
  const events: AuditEvent[] = [];
  for await (const { data } of reader.scan('AUDIT', { subject: subjects.auditOf(organisation) }))
    events.push(JSON.parse(new TextDecoder().decode(data)) as AuditEvent);
  return events;
}
async function newestTold(organisation = ORGANISATION): Promise<number | undefined> {
  const reader = await nats.connect('chain-writer');
  const last = await reader.lastMessage('AUDIT', subjects.auditOf(organisation));
  return (last?.body as AuditEvent | undefined)?.chainPosition;
}

describe('the crash table of acknowledgement and relay: each step × kill −9 × restart (DESIGN §8.6, §8.9)', () => {
  // LOG_CREATED and two events, then their checkpoint.
  const told = [1, 2, 3, 4].flatMap((number) =>
    (['before', 'after'] as const).map((when): Fate => `told ${number} ${when}`),
  );
  const few: Fate[] = ['sealed', 'told 2 after', 'told 4 before', 'told 4 after'];

  it.each(LONG ? (['sealed', ...told] as Fate[]) : few)('%s: it is finished by the next process', async (fate) => {
    const doomed = start({ FATE: fate }, join('testing', 'doomed-service.js'));
    await send(sealRequest([observation(1), observation(2)]));
    expect(await doomed.ended()).toBe('SIGKILL');
    expect((await checkLedger(ledger)).events).toBe(3);
    start();
    if (fate !== 'sealed') await openedByAnything();
    await allAcknowledged();
    await expectTold();
  });

  it('acknowledged, and not signed yet: the next process signs', async () => {
    const doomed = start({ CHECKPOINT_DELAY_MS: '1000' });
    await send(sealRequest([observation(1), observation(2)]));
    await allAcknowledged();
    await doomed.kill();
    expect(await checkLedger(ledger)).toMatchObject({ events: 3, checkpoints: 0 });
    await registered();
    start();
    await expectTold();
  });

  /** A repetition makes the writer look at the chain; nothing of it is new. */
  const openedByAnything = (): Promise<unknown> => send(sealRequest([observation(1)]));

  /** The start itself opens every chain of an organisation that the registry knows. */
  const registered = (): Promise<unknown> =>
    ledger.append(ledgerStreams.organisation(ORGANISATION), -1, [
      jsonEvent('OrganisationCreated', {
        ...{ at: '2026-03-02T11:00:00.000Z', by: { type: 'USER', id: 'ada' }, organisationId: ORGANISATION },
        ...{ name: 'Acme', kind: 'LIVE', siblingId: ORGANISATION },
      }),
    ]);

  async function expectTold(): Promise<void> {
    await eventually(async () => (await newestTold()) === 2, { what: 'The last event to be told', deadlineMs: 30_000 });
    const reader = await nats.connect('chain-writer');
    await eventually(async () => (await reader.lastMessage('AUDIT', subjects.checkpoint(ORGANISATION)))?.body, {
      what: 'The checkpoint to be told',
    });
    expect((await audit()).map(({ chainPosition, verified }) => [chainPosition, verified])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
    expect((await checkLedger(ledger)).events).toBe(3);
  }
});
