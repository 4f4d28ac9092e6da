import { join } from 'node:path';
import { ledgerStreams, Unavailable } from '@audital/contracts';
import { jsonEvent, type Ledger } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import { Health } from '@audital/service';
import {
  checkLedger,
  eventually,
  observation,
  openTestLedger,
  organisationId,
  sealRequest,
  startNats,
  tempFolder,
  type TempFolder,
  type TestNats,
} from '@audital/testing';
import { openCheckpointStore } from './adapters/checkpoint-store';
import { IdentityIndex } from './adapters/identity-index';
import { WriterProcess } from './testing/writer-process';
import { Writer } from './writer';

const ORGANISATION = organisationId();
const PREFIXES = ['organisation-', 'chain-', 'payload-', 'cursor-', 'checkpoint-'];

let nats: TestNats;
let bus: Bus;
let folder: TempFolder;
beforeAll(async () => {
  nats = await startNats();
  bus = await nats.connect('chain-writer');
  await bus.ensureStreams(['AUDIT']);
});
afterAll(() => nats.stop());
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

/** A chain that died before its checkpoint was signed: a start has to open it. */
async function leaveUnsigned(ledger: Ledger): Promise<void> {
  await ledger.append(ledgerStreams.organisation(ORGANISATION), -1, [jsonEvent('OrganisationCreated', {})]);
  const dead = await WriterProcess.start(folder.path, { organisationId: ORGANISATION, faultAt: 2, fault: 'fails' });
  await dead.writer.seal(sealRequest([observation(1)]));
  await dead.stop();
}

describe('a start while the ledger is away', () => {
  it('waits, with growing delay, and opens the chains when it is there: the process does not end', async () => {
    const ledger = await openTestLedger(folder.path, PREFIXES);
    await leaveUnsigned(ledger);
    const exit = jest.spyOn(process, 'exit').mockImplementation((() => undefined) as never);
    const said: { delayMs?: number }[] = [];
    const say = (fields: object): void => void said.push(fields);
    const log = { info: say, warn: say, error: say, fatal: say } as never;
    let asked = 0;
    const away = new Proxy(ledger, {
      get: (target, name) => {
        const value = target[name as keyof Ledger] as (...args: unknown[]) => Promise<unknown>;
        if (name !== 'lastRevision') return typeof value === 'function' ? value.bind(target) : value;
        return (stream: string) => {
          asked += 1;
          return asked <= 3 ? Promise.reject(new Unavailable('ledger', 'It is away.')) : target.lastRevision(stream);
        };
      },
    });
    const [checkpoints, index] = [
      openCheckpointStore(`sqlite:${join(folder.path, 'checkpoints.sqlite')}`),
      new IdentityIndex(join(folder.path, 'index')),
    ];
    const writer = new Writer({
      ...{ ledger: away, checkpoints, index, rollbackPatienceMs: 0, bus, log, health: new Health() },
      ...{ masterSecret: Buffer.alloc(32, 3), logOrigin: 'audital.example', partition: 0, partitions: 1 },
      ...{ checkpointDelayMs: 5, auditRetentionMs: 60_000, now: () => new Date() },
    });
    try {
      writer.start();
      const signed = async (): Promise<boolean> =>
        (await ledger.lastRevision(ledgerStreams.checkpoint(ORGANISATION))) >= 0;
      await eventually(signed, { what: 'The checkpoint that was missing' });
      expect(exit).not.toHaveBeenCalled();
      expect(said.flatMap(({ delayMs }) => delayMs ?? [])).toEqual([100, 200, 400]);
    } finally {
      await writer.close();
      exit.mockRestore();
      await index.close();
      await checkpoints.close();
    }
    expect(await checkLedger(ledger)).toMatchObject({ events: 2, checkpoints: 1 });
    await ledger.close();
  });
});
