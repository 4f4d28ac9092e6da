import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseApiKey, Rejected, type RotateKeyReply, type RotateKeyRequest } from '@audital/contracts';
import { startNats, tempFolder, type TempFolder, type TestNats } from '@audital/testing';
import { Terminal } from '../terminal';
import { findLogin } from './ask';
import { chainCommand } from './chain';
import { organisationsCommand } from './organisations';

let nats: TestNats;
let folder: TempFolder;
const asked: unknown[] = [];

beforeAll(async () => {
  nats = await startNats();
  folder = tempFolder();
  mkdirSync(join(folder.path, 'secrets'));
  const run = { nats: nats.url.replace('nats://', `nats://viewer:${nats.passwords['viewer']}@`) };
  writeFileSync(join(folder.path, 'run.json'), JSON.stringify(run));
  writeFileSync(join(folder.path, 'secrets', 'nats.json'), JSON.stringify(nats.passwords));
  const registry = await nats.connect('integration-registry');
  registry.connection.subscribe('ask.registry.create-organisation', {
    callback: (_error, message) => {
      const request = message.json<{ name: string; firstKey: string }>();
      asked.push(request);
      const problem = { code: 'REQUEST_INVALID', message: 'An organisation has a name.', problems: [] };
      const ok = { organisationId: 'org_1', sandboxId: 'org_2', externalId: 'aud_ext_1', apiKey: request.firstKey };
      message.respond(JSON.stringify(request.name.trim() === '' ? { rejected: problem } : { ok }));
    },
  });
  await registry.connection.flush();
  const writer = await nats.connect('chain-writer');
  writer.connection.subscribe('ask.chain.0.rotate-key', {
    callback: (_error, message) => {
      const request = message.json<RotateKeyRequest>();
      asked.push(request);
      message.respond(JSON.stringify({ ok: rotated(request) }));
    },
  });
  await writer.connection.flush();
});
afterAll(async () => {
  await nats.stop();
  folder.remove();
});

const key = (epoch: number) => ({ epoch, keyId: `0000000${epoch}`, vkey: `log+0000000${epoch}+KEY` });

/** As a chain with one key answers. */
function rotated({ phase }: RotateKeyRequest): RotateKeyReply {
  const isAdd = phase === 'ADD';
  const live = isAdd ? [key(1), key(2)] : [key(2)];
  return { phase, key: key(isAdd ? 2 : 1), chainPosition: 7, replayed: !isAdd, live, checkpointSize: 8 };
}

async function run(
  targets: string[],
  o: { json?: boolean; values?: Record<string, string | boolean>; command?: typeof chainCommand } = {},
) {
  let out = '';
  let err = '';
  const terminal = new Terminal(
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
    o.json ?? false,
  );
  const values = o.values ?? { data: folder.path };
  const code = await (o.command ?? organisationsCommand).run({ values, targets, terminal });
  return { code, out, err };
}

describe('audital organisations create', () => {
  it('asks the registry as the operator, found by the data folder, with a key made beforehand', async () => {
    const { code, out } = await run(['create', 'Acme Bank']);
    const { name, firstKey } = asked.at(-1) as { name: string; firstKey: string };
    expect([code, name, parseApiKey(firstKey)?.prefix]).toEqual([0, 'Acme Bank', 'ak_live_']);
    expect(out).toContain('organisation org_1');
    expect(out).toContain(firstKey);
  });

  it('prints the reply for programs, and a refusal as a sentence', async () => {
    const { code, out } = await run(['create', 'Acme'], { json: true });
    expect([code, JSON.parse(out)]).toMatchObject([0, { ok: { organisationId: 'org_1', sandboxId: 'org_2' } }]);
    const refused = await run(['create', ' ']);
    expect([refused.code, refused.out]).toEqual([1, '']);
    expect(refused.err).toBe('Refused (REQUEST_INVALID): An organisation has a name.\n');
    const told = await run(['create', ' '], { json: true });
    expect(JSON.parse(told.out)).toMatchObject({ rejected: { code: 'REQUEST_INVALID' } });
  });

  it('takes a broker and a password from the environment, and no password from the command line', async () => {
    const env = { AUDITAL_NATS_PASSWORD_FILE: join(folder.path, 'password') };
    writeFileSync(env.AUDITAL_NATS_PASSWORD_FILE, 'secret\n');
    expect(findLogin({ nats: 'nats://broker:4222' }, env)).toEqual({
      url: 'nats://broker:4222',
      user: 'operator',
      password: 'secret',
    });
    expect(() => findLogin({ nats: 'nats://operator:secret@broker:4222' }, env)).toThrow('can be read by everybody');
    expect(() => findLogin({ nats: 'nats://broker:4222' }, {})).toThrow('Which password?');
    expect(() => findLogin({ data: join(folder.path, 'nowhere') }, {})).toThrow('No running Audital was found');
  });

  it('says so when nobody knows the password', async () => {
    process.env['AUDITAL_NATS_PASSWORD'] = 'wrong';
    try {
      const { code, err } = await run(['create', 'x'], { values: { nats: nats.url } });
      expect([code, err]).toEqual([1, expect.stringContaining('refused the user operator')]);
      await expect(nats.connect('operator', { password: 'wrong' })).rejects.toBeInstanceOf(Rejected);
    } finally {
      delete process.env['AUDITAL_NATS_PASSWORD'];
    }
  });
});

describe('audital chain rotate-key', () => {
  const rotate = (values: Record<string, string | boolean>, json = false) =>
    run(['rotate-key', 'org_1'], { json, command: chainCommand, values: { data: folder.path, by: 'ada', ...values } });

  it('asks the chain-writer, and says what to do next', async () => {
    const { code, out } = await rotate({ add: true, reason: 'yearly' });
    expect([code, asked.at(-1)]).toEqual([
      0,
      { v: 1, organisationId: 'org_1', phase: 'ADD', epoch: null, by: 'ada', reason: 'yearly' },
    ]);
    expect(out).toContain('Done: key 00000002 (epoch 2) was added at position 7.');
    expect(out).toContain('signed by 00000001 (epoch 1) and 00000002 (epoch 2)');
    expect(out).toContain('log+00000002+KEY');
    const retired = await rotate({ retire: true, reason: 'yearly', epoch: '1' });
    expect(asked.at(-1)).toMatchObject({ phase: 'RETIRE', epoch: 1 });
    expect(retired.out).toContain('Nothing new: key 00000001 (epoch 1) was retired at position 7.');
  });

  it('prints the reply for programs', async () => {
    const { out } = await rotate({ add: true, reason: 'yearly' }, true);
    expect(JSON.parse(out)).toEqual({ ok: rotated(asked.at(-1) as RotateKeyRequest) });
  });

  it.each([
    [{ reason: 'x' }, '--add'],
    [{ reason: 'x', add: true, retire: true }, '--add'],
    [{ add: true }, 'Why is the key rotated?'],
    [{ add: true, reason: 'x', epoch: 'two' }, '--epoch'],
  ])('asks nobody when it is told %j', async (values, problem) => {
    const before = asked.length;
    await expect(rotate(values)).rejects.toThrow(problem);
    expect(asked).toHaveLength(before);
  });
});
