import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AuditEvent } from '@audital/contracts';
import {
  checkLedger,
  eventStoreProgram,
  type OwnEventStore,
  eventually,
  startEventStore,
  tempFolder,
  type TempFolder,
} from '@audital/testing';
import { openLedger } from '@audital/ledger';
import { isAlive, root, System, verifyFolder } from './system';
import { giveLedger, ledgerAdmin, serverOf, takeLedger } from './system-ledger';

const PROCESSES = [
  'nats-server',
  'aws-simulator',
  'chain-writer',
  'integration-registry',
  'poller-scheduler',
  'sagemaker-collector',
  'gateway',
  'chain-verifier',
];

let folder: TempFolder;
const running: System[] = [];
const start = (...args: string[]): System => {
  const system = new System(join(folder.path, 'data'), args);
  running.push(system);
  return system;
};

beforeEach(async () => {
  folder = tempFolder();
  await giveLedger(join(folder.path, 'data'));
}, 90_000);
afterEach(async () => {
  const own = folder;
  await Promise.all(running.splice(0).map((system) => system.stop()));
  await takeLedger(join(own.path, 'data'));
  own.remove();
}, 90_000);

/** What every run of the whole story must leave behind, whatever died meanwhile. */
async function expectPassed(system: System): Promise<void> {
  const code = await system.exit;
  if (code !== 0) throw new Error(`The check ended with ${code}:\n${system.output}`);
  expect(system.output).toContain('CHECK PASSED: 12 of 12');
  expect((await verifyFolder(system.data)).organisations).toBe(2);
}

describe('npm start -- --check', () => {
  it('seals and verifies every event of the story', async () => {
    await expectPassed(start('--check'));
  }, 120_000);

  it('loses and doubles nothing when every process is killed once, one after the other', async () => {
    const system = start('--check');
    for (const [index, name] of PROCESSES.entries()) {
      await system.says(`step ${3 * index + 2}/`);
      if (index === 0) expect(Object.keys(system.run.pids).sort()).toEqual(['launcher', ...PROCESSES].sort());
      await system.kill(name);
    }
    await expectPassed(system);
    for (const name of PROCESSES) expect(system.output).toContain(`${name} died`);
  }, 180_000);

  it('goes on where it stopped after a kill of the launcher, which leaves no orphan', async () => {
    const first = start('--check');
    await first.says('step 7/');
    const { pids } = first.run;
    process.kill(first.pid, 'SIGKILL');
    await eventually(() => !Object.values(pids).some(isAlive), {
      deadlineMs: 30_000,
      what: 'The end of every process',
    });
    const second = start('--check');
    await expectPassed(second);
    expect(second.output).not.toContain('step 2/');
  }, 180_000);
});

if (eventStoreProgram() !== null)
  it('plays on an EventStoreDB with TLS, where each service has a user that ledger-admin made', async () => {
    const server = await startEventStore({ secured: true });
    const users = join(folder.path, 'users');
    expect(ledgerAdmin(server.url, 'setup', users)).toMatchObject({ code: 0 });
    // The last --ledger counts.
    const system = start('--check', '--ledger', users);
    expect([await system.exit, system.output]).toEqual([0, expect.stringContaining('CHECK PASSED: 12 of 12')]);
    const ledger = await openLedger(server.url, { writes: [] });
    expect(await checkLedger(ledger)).toMatchObject({ organisations: 2 });
    await ledger.close();
    await server.remove();
  }, 240_000);

if (eventStoreProgram() !== null)
  it('waits while the EventStoreDB is away: no process ends, none is ready, and nothing is lost or doubled', async () => {
    const system = start('--check');
    const server = serverOf(system.data) as OwnEventStore;
    const ready = async (): Promise<string> => {
      const { status, body } = await system.call('GET', '/health/ready', { key: null });
      return `${status} ${JSON.stringify(body)}`;
    };
    for (const step of [4, 12]) {
      await system.says(`step ${step}/`);
      await server.kill();
      await eventually(async () => /^503 .*"ledger":"not ready"/.test(await ready()), {
        what: 'A gateway that is not ready',
        deadlineMs: 60_000,
      });
      await server.start();
      await eventually(async () => (await ready()).startsWith('200'), {
        what: 'A gateway that is',
        deadlineMs: 30_000,
      });
    }
    await expectPassed(system);
    expect(system.output).not.toContain('died');
  }, 300_000);

describe('a check that is cut short', () => {
  it('drains, leaves no orphan, and is no success', async () => {
    const system = start('--check');
    await system.says('step 4/');
    const { pids } = system.run;
    system.signal('SIGTERM');
    expect(await system.exit).toBe(1);
    expect(system.output).not.toContain('CHECK');
    expect(Object.values(pids).filter(isAlive)).toEqual([]);
    await verifyFolder(system.data);
  }, 60_000);
});

const perProcess = process.env['AUDITAL_LONG'] ? PROCESSES : [];
for (const name of perProcess) {
  it(`survives kill -9 of ${name} three times`, async () => {
    const system = start('--check');
    // A fourth would be started again only after the story has ended: it waits 5 s by then.
    for (const step of [3, 9, 15]) {
      await system.says(`step ${step}/`);
      await system.kill(name);
      await system.says(`step ${step + 1}/`, 120_000);
    }
    await expectPassed(system);
  }, 300_000);
}

describe('npm start', () => {
  it('tells every event on HTTP and to a plain NATS subscriber, all verified', async () => {
    const system = await start('--speed', '600').started();
    const subscriber = spawn(process.execPath, [join(root, 'examples/subscribe.mjs'), system.data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let heard = '';
    subscriber.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    await system.says(/DEPLOYMENT .*UPDATED/, 90_000);
    const events = await system.events();
    expect(events.map(({ chainPosition }) => chainPosition)).toEqual(events.map((_, index) => index));
    expect(events.every(({ verified }) => verified)).toBe(true);
    const last = events.at(-1) as AuditEvent;
    await eventually(() => heard.includes(`#${last.chainPosition} ${last.eventType} ${last.id} verified`), {
      what: `The last event for the subscriber (${heard})`,
    });
    subscriber.kill();
    expect(last.timestamp <= last.recordedAt).toBe(true);
    await system.stop();
    expect(await system.exit).toBe(0);
    await verifyFolder(system.data);
  }, 180_000);

  it('takes the request of the README verbatim, while its own registration stands, and refuses bad ones naming each field', async () => {
    const system = await start().started();
    await system.says('INTEGRATION_ACTIVATED');
    const { externalId } = system.run;
    const body = {
      awsAccountId: '123456789012',
      region: 'eu-west-2',
      roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
      externalId,
      syncInterval: 60,
      filters: { namePrefix: 'credit-scorer', tags: { Environment: 'production' } },
    };
    const path = '/v1/integrations/sagemaker';
    expect(await system.call('POST', path, { body })).toMatchObject({ status: 200, body: { status: 'ACTIVE' } });
    const before = (await system.call<{ data: unknown[] }>('GET', path)).body.data.length;
    const refused = async (o: {
      body?: unknown;
      raw?: string;
      key?: string | null;
    }): Promise<{ status: number; text: string }> => {
      const { status, body: problem } = await system.call('POST', path, o);
      return { status, text: JSON.stringify(problem) };
    };
    expect(await refused({ raw: '{"awsAccountId":' })).toMatchObject({ status: 400 });
    const unknownField = await refused({ body: { ...body, colour: 'blue' } });
    expect([unknownField.status >= 400 && unknownField.status < 500, unknownField.text.includes('/colour')]).toEqual([
      true,
      true,
    ]);
    const missing = await refused({ body: {} });
    for (const pointer of ['/awsAccountId', '/region', '/roleArn', '/externalId'])
      expect(missing.text).toContain(pointer);
    expect((await refused({ body: { ...body, syncInterval: 29 } })).text).toContain('/syncInterval');
    expect((await refused({ body: { ...body, syncInterval: 3601 } })).text).toContain('/syncInterval');
    expect((await refused({ body: { ...body, awsAccountId: '210987654321' } })).text).toContain('ACCOUNT_MISMATCH');
    expect(await refused({ body: { ...body, externalId: 'aud_ext_00000000000000000000' } })).toMatchObject({
      status: 422,
    });
    expect(await refused({ body, key: null })).toMatchObject({ status: 401 });
    expect((await system.call<{ data: unknown[] }>('GET', path)).body.data).toHaveLength(before);
    await system.stop();
    await verifyFolder(system.data);
  }, 120_000);

  // By the file: nobody can change a byte that an EventStoreDB holds while it runs.
  if (eventStoreProgram() === null)
    it.each(['record', 'payload'])(
      'names the position when one byte of a stored %s was changed',
      async (what) => {
        const first = start('--check');
        await expectPassed(first);
        const system = await start().started();
        const { organisationId } = system.run;
        const stream = what === 'record' ? `chain-${organisationId}` : `payload-${organisationId}-0`;
        changeByte(system.data, stream, 7);
        // The gateway finds it when it is asked, the chain-verifier by its next pass over the whole chain.
        const status = await eventually(
          async () => {
            const { body } = await system.call<ChainStatus>('GET', '/v1/audit/chain-status');
            return body.valid || body.verifier.status !== 'ALERTS' ? null : body;
          },
          { deadlineMs: 60_000, what: 'A chain-status in which both have found it' },
        );
        expect(status).toMatchObject({ verdict: 'TAMPERED', firstBadPosition: 7 });
        expect(status.alerts.filter(({ affectedRange }) => affectedRange.from === 7)).toMatchObject([
          { code: 'INVALID' },
        ]);
        const events = await system.events();
        const broken = events.filter(({ verified }) => !verified);
        expect(broken.map(({ chainPosition }) => chainPosition)).toContain(7);
        expect(broken.every(({ verification }) => verification.status === 'failed')).toBe(true);
        expect(events.find(({ chainPosition }) => chainPosition === 3)?.verified).toBe(true);
        expect(system.output).not.toContain('died');
      },
      180_000,
    );
});

interface ChainStatus {
  valid: boolean;
  alerts: { code: string; affectedRange: { from: number } }[];
  verifier: { status: string };
}

function changeByte(data: string, stream: string, revision: number): void {
  const db = new DatabaseSync(join(data, 'ledger', 'ledger.sqlite'));
  db.exec('PRAGMA busy_timeout = 5000; DROP TRIGGER events_never_change');
  const row = db.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?').get(stream, revision) as {
    data: Uint8Array;
  };
  const changed = Uint8Array.from(row.data);
  const at = changed.length - 12;
  changed[at] = (changed[at] as number) ^ 1;
  db.prepare('UPDATE events SET data = ? WHERE stream = ? AND revision = ?').run(changed, stream, revision);
  db.close();
}

describe('what stands in the way', () => {
  it.each([
    ['an unknown option', ['--colour'], /Unknown option '--colour'/],
    ['a speed that is none', ['--speed', 'fast'], /--speed is a whole number/],
    ['--check with --aws', ['--check', '--aws'], /cannot go with --aws/],
  ])('%s is one clear sentence and exit 2', async (_name, args, sentence) => {
    const system = start(...args);
    expect(await system.exit).toBe(2);
    expect(system.output).toMatch(sentence);
    expect(system.output.trim().split('\n')).toHaveLength(1);
  });

  it('a folder of somebody else is left alone', async () => {
    const system = new System(root, ['--fresh']);
    expect(await system.exit).toBe(1);
    expect(system.output).toContain('leaves it alone');
  });

  it('a port in use is one clear sentence', async () => {
    const first = await start().started();
    const port = new URL(first.run.gateway).port;
    const second = new System(join(folder.path, 'other'), ['--port', port]);
    expect(await second.exit).toBe(1);
    expect(second.output.trim()).toMatch(new RegExp(`^Port ${port} is in use`));
  }, 60_000);
});
