import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { hashText } from '@audital/chain/check';
import { sha256 } from '@audital/chain/node';
import {
  type AppendReply,
  type ChainStoppedNotice,
  decodeJson,
  type IntegrationId,
  ledgerStreams,
  makeId,
  moveBytes,
  type OrganisationId,
  type RedactRequest,
  type SealRequest,
  subjects,
} from '@audital/contracts';
import { type Ledger, openLedger } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { RunningService } from '@audital/service';
import {
  checkLedger,
  eventually,
  integrationId,
  observation,
  organisationId,
  sealRequest,
  startNats,
  tempFolder,
  type TempFolder,
  type TestNats,
} from '@audital/testing';
import { environmentOf, startHere } from './testing/writer-service';

const [ORGANISATION, OTHER] = [organisationId(1), organisationId(2)];
jest.setTimeout(60_000);

let nats: TestNats;
let folder: TempFolder;
let ledger: Ledger;
let collector: Bus;
let running: RunningService | null = null;
const start = async (): Promise<void> => {
  running = await startHere(environmentOf(folder.path, nats));
};
const stop = async (): Promise<void> => {
  await running?.stop();
  running = null;
};

beforeEach(async () => {
  nats = await startNats();
  folder = tempFolder();
  ledger = await openLedger(`sqlite:${join(folder.path, 'ledger.sqlite')}`, { writes: ['organisation-'] });
  collector = await nats.connect('sagemaker-collector');
  await collector.ensureStreams(['WORK_SEAL']);
});
afterEach(async () => {
  await stop();
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
const events = async (): Promise<number> => (await checkLedger(ledger)).events;
/** Everything that was sent is acknowledged: it has left the work queue. */
const allAcknowledged = (): Promise<boolean> =>
  eventually(async () => (await collector.manager.streams.info('WORK_SEAL')).state.messages === 0, {
    what: 'Every message to be acknowledged',
    deadlineMs: 20_000,
  });

/** Finds `facts` facts, from the place that the cursor names, in parts of `perPart`, two parts a poll, until all of them lie behind it. */
async function collect(id: IntegrationId, facts: number, perPart: number): Promise<void> {
  const stream = ledgerStreams.cursor(id);
  for (;;) {
    const [last] = await ledger.read(stream, { direction: 'backwards', limit: 1 });
    const { changes } = last ? decodeJson<{ changes: { at: number }[] }>(last.data) : { changes: [] };
    let at = changes[0]?.at ?? 0;
    if (at >= facts) return;
    let follows: string | undefined;
    for (const part of [0, 1]) {
      const numbers = Array.from({ length: Math.min(perPart, facts - at) }, (_, index) => at + index);
      at += numbers.length;
      const cursor = {
        stream,
        expectedRevision: (last?.revision ?? -1) + part,
        integrationRevision: -1,
        changes: [{ kind: 'mark', at }],
        ...(follows === undefined ? {} : { follows }),
      };
      follows = hashText(sha256(moveBytes(cursor.changes)));
      if (numbers.length > 0)
        await send(
          sealRequest(
            numbers.map((number) => observation(number)),
            { integrationId: id, cursor },
          ),
        );
    }
    await eventually(async () => (await ledger.lastRevision(stream)) > (last?.revision ?? -1), { what: 'The cursor' });
  }
}

describe('the chain-writer on a real broker', () => {
  it('§8.2 two collectors on one integration lose nothing between their parts, and hold up nothing', async () => {
    await start();
    await Promise.all([
      collect(integrationId(), 60, 4),
      collect(integrationId(), 60, 7),
      collect(integrationId(), 60, 1),
    ]);
    expect(await events()).toBe(61);
    await allAcknowledged();
  });

  it('§8.5 a refused observation is in the dead letters as it came', async () => {
    await start();
    const bad = observation(2, { tags: ['x'.repeat(200)] });
    await send(sealRequest([observation(1), bad]));
    await allAcknowledged();
    const reader = await nats.connect('cli');
    const dead = await reader.lastMessage('DEAD', subjects.dead(`observation.${ORGANISATION}`));
    expect(dead?.body).toEqual(bad);
    expect(dead?.headers['Audital-Reason']).toContain('tags');
    expect(await events()).toBe(3);
  });

  it('a dead letter that was redacted does not come back when its message comes again', async () => {
    await start();
    const part = sealRequest([observation(1, { tags: ['x'.repeat(200)] })]);
    await send(part);
    await allAcknowledged();
    const [operator, reader] = [await nats.connect('operator'), await nats.connect('cli')];
    const hasDeadLetter = async (): Promise<string> => {
      const last = await reader.lastMessage('DEAD', subjects.dead(`observation.${ORGANISATION}`));
      return last === null ? 'none' : 'one';
    };
    const deadLetter = (): Promise<string> => eventually(hasDeadLetter, { what: 'DEAD', deadlineMs: 30_000 });
    expect(await deadLetter()).toBe('one');
    const redaction: RedactRequest = {
      ...{ v: 1, organisationId: ORGANISATION, requestId: makeId('req', 1, new Uint8Array(10)), positions: [1] },
      ...{ eventIds: [], who: 'ada', reason: 'asked for', legalBasis: 'GDPR_ART_17' },
    };
    expect(await operator.ask(subjects.askChain(0, 'redact'), redaction)).toMatchObject({ redacted: [1], pending: [] });
    expect(await deadLetter()).toBe('none');
    // The broker forgets which ids it has seen of what was erased: within two minutes it would pass over the copy by itself.
    await nats.restart({ wipe: false });
    await eventually(() => send(part).then(() => true), { what: 'The broker', deadlineMs: 30_000 });
    await allAcknowledged();
    expect(await deadLetter()).toBe('none');
    expect(await events()).toBe(3);
  });

  it('§8.8 a chain that is stopped holds up nobody: its polls leave the queue, its users are told, the others go on', async () => {
    const asking = await nats.connect('gateway');
    const append = (id: OrganisationId): Promise<AppendReply> =>
      asking.ask(subjects.askChain(0, 'append'), {
        ...{ v: 1, organisationId: id, idempotencyKey: 'key', eventType: 'INFERENCE', source: 'API', severity: 'INFO' },
        ...{ timestamp: null, actor: { type: 'API_KEY', id: 'key' }, modelId: null, payload: {}, tags: [] },
      });
    await start();
    for (const id of [ORGANISATION, OTHER]) await send(sealRequest([observation(1)], { organisationId: id }));
    await eventually(async () => (await checkLedger(ledger)).checkpoints === 2, { what: 'Both checkpoints' });
    await stop();
    const store = new DatabaseSync(join(folder.path, 'checkpoints.sqlite'));
    store.exec(`UPDATE checkpoints SET root = zeroblob(32) WHERE origin LIKE '%${ORGANISATION}'`);
    store.close();
    const notices: ChainStoppedNotice[] = [];
    const scheduler = await nats.connect('poller-scheduler');
    scheduler.listen(subjects.chainStopped(), (body) => void notices.push(body as ChainStoppedNotice));
    await scheduler.connection.flush();
    await start();
    for (const id of [ORGANISATION, OTHER, ORGANISATION])
      await send(sealRequest([observation(2)], { organisationId: id }));
    await allAcknowledged();
    expect(await ledger.lastRevision(ledgerStreams.chain(ORGANISATION))).toBe(1);
    expect(await ledger.lastRevision(ledgerStreams.chain(OTHER))).toBe(2);
    await expect(append(ORGANISATION)).rejects.toMatchObject({ name: 'Unavailable', message: /FORK/ });
    await expect(append(OTHER)).resolves.toMatchObject({ chainPosition: 3 });
    expect(notices[0]).toEqual({ v: 1, organisationId: ORGANISATION, reason: 'FORK' });
  });

  it('a broker that comes back with an empty store costs nothing: the next poll sees what was pending', async () => {
    const part = (expectedRevision: number) =>
      sealRequest([observation(2 * expectedRevision), observation(2 * expectedRevision + 1)], {
        cursor: {
          stream: ledgerStreams.cursor(integrationId()),
          ...{ expectedRevision, integrationRevision: -1, changes: [{ kind: 'mark', at: expectedRevision }] },
        },
      });
    for (const revision of [-1, 0, 1]) await send(part(revision));
    await nats.restart({ wipe: true });
    await start();
    const cursor = () => ledger.lastRevision(ledgerStreams.cursor(integrationId()));
    expect(await cursor()).toBe(-1);
    // The next poll starts from where the cursor is.
    for (const revision of [-1, 0]) await send(part(revision));
    await eventually(async () => (await cursor()) === 1, { what: 'The first two parts', deadlineMs: 30_000 });
    // And once more under the running service, with a part in the queue that nobody has taken yet.
    await nats.kill();
    await nats.start({ wipe: true });
    await eventually(() => send(part(1)).then(() => true), { what: 'A part in the new queue', deadlineMs: 30_000 });
    await eventually(async () => (await cursor()) === 2, { what: 'The third part', deadlineMs: 30_000 });
    expect(await events()).toBe(7);
    const relay = await nats.connect('chain-writer');
    const newestTold = async (): Promise<number> => {
      const last = await relay.lastMessage('AUDIT', subjects.auditOf(ORGANISATION));
      return (last?.body as { chainPosition: number } | undefined)?.chainPosition ?? -1;
    };
    await eventually(async () => (await newestTold()) === 6, { what: 'All in the new AUDIT', deadlineMs: 30_000 });
  });
});
