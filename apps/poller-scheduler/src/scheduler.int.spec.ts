import {
  type ChainStoppedNotice,
  type IntegrationId,
  ledgerStreams,
  type OrganisationId,
  subjects,
} from '@audital/contracts';
import { jsonEvent, NO_STREAM } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import {
  eventually,
  integrationId,
  organisationId,
  startNats,
  tempLedger,
  type TestLedger,
  type TestNats,
} from '@audital/testing';
import { Scheduler } from './scheduler';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined } as never;
const AT = '2026-03-02T10:00:00.000Z';

let nats: TestNats;
let stored: TestLedger;
let ended: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  nats = await startNats();
  stored = await tempLedger();
  ended = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  ended.abort();
  await running;
  await nats.stop();
  await stored.remove();
});

async function activeIntegration(organisation: OrganisationId, id: IntegrationId, account: string): Promise<void> {
  const by = { type: 'SYSTEM', id: 'test' };
  const filters = { namePrefix: null, tags: {} };
  const settings = { name: null, environment: null, syncIntervalSeconds: 30, filters, modelIdentity: { tag: null } };
  const target = {
    awsAccountId: account,
    region: 'eu-west-2',
    roleArn: `arn:aws:iam::${account}:role/R`,
    externalId: 'x',
  };
  await stored.ledger.append(ledgerStreams.integration(id), NO_STREAM, [
    jsonEvent('IntegrationRegistered', {
      at: AT,
      by,
      integrationId: id,
      organisationId: organisation,
      target,
      settings: {
        ...settings,
        captureMetrics: false,
        captureHyperparameters: true,
        captureTrainingStarted: false,
        backfillDays: 0,
      },
    }),
    jsonEvent('IntegrationActivated', { at: AT, by, rows: [] }),
  ]);
}

const bound = (target: object, name: string | symbol): unknown => {
  const value = (target as Record<string | symbol, unknown>)[name];
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
};

describe('§8.8 a stopped organisation', () => {
  it('is not polled while its chain is said to be stopped, and nobody else misses a poll', async () => {
    const [one, two] = [organisationId(1), organisationId(2)];
    await activeIntegration(one, integrationId(1), '111111111111');
    await activeIntegration(two, integrationId(2), '222222222222');
    const bus = await nats.connect('poller-scheduler');
    await bus.ensureStreams(['WORK_POLL', 'WORK_SEAL', 'POLLS']);
    // A clock of our own: an interval of 30 s passes when we say so.
    let now = Date.parse('2026-03-02T12:00:00.000Z');
    const asked: string[] = [];
    const publish: Bus['publish'] = (subject, body, o) => {
      asked.push(subject);
      return bus.publish(subject, body, o);
    };
    const scheduler = new Scheduler({
      ledger: stored.ledger,
      bus: new Proxy(bus, { get: (target, name) => (name === 'publish' ? publish : bound(target, name)) }),
      log: silent,
      speed: 1,
      partitions: 1,
      signal: ended.signal,
      now: () => now,
    });
    const writer = await nats.connect('chain-writer');
    const notice: ChainStoppedNotice = { v: 1, organisationId: one, reason: 'ROLLBACK' };
    running = scheduler.run();
    const pollOne = { organisationId: one, integrationId: integrationId(1) };
    const stopped = await eventually(
      async () => {
        writer.hint(subjects.chainStopped(), notice);
        return scheduler.pollNow(pollOne).then(
          () => null,
          (error: Error) => error,
        );
      },
      { what: 'The scheduler to hear of it' },
    );
    expect(stopped).toMatchObject({ name: 'Unavailable', message: expect.stringContaining('ROLLBACK') });
    // The next interval comes: by itself it asks for the other one only.
    asked.length = 0;
    now += 31_000;
    const of = (id: OrganisationId): string[] => asked.filter((subject) => subject.includes(id));
    await eventually(() => of(two).some((subject) => subject.startsWith('work.poll.')), {
      what: 'A poll of the other',
    });
    expect(of(one).filter((subject) => subject.startsWith('work.poll.'))).toEqual([]);
    await expect(scheduler.pollNow({ organisationId: two, integrationId: integrationId(2) })).resolves.toEqual({
      asked: true,
    });
    // Silence for longer than three notices: it is asked for again.
    now += 36_000;
    await expect(scheduler.pollNow(pollOne)).resolves.toEqual({ asked: true });
  });
});
