import { spawnSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '@audital/contracts';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { root, System, verifyFolder } from './system';
import { giveLedger, takeLedger } from './system-ledger';

/** Each command is a process of its own, and takes a second on a busy machine. */
jest.setTimeout(60_000);

let folder: TempFolder;
let system: System;
let vkey = '';
let url = '';

beforeAll(async () => {
  folder = tempFolder();
  await giveLedger(join(folder.path, 'data'));
  system = await new System(join(folder.path, 'data'), ['--speed', '600']).started();
  await system.says('TRAINING_COMPLETED', 90_000);
  vkey = (await system.call<string>('GET', '/v1/log/vkey')).body.trim();
  url = system.run.gateway;
}, 120_000);

afterAll(async () => {
  await system.stop();
  await verifyFolder(system.data);
  await takeLedger(system.data);
  folder.remove();
}, 60_000);

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** `audital …` as a person runs it; the running system is found by its data folder. */
function audital(...args: string[]): Ran {
  const { AUDITAL_URL: _url, AUDITAL_KEY: _key, ...env } = process.env;
  const bin = join(root, 'apps/cli/dist/main.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    env: { ...env, HOME: folder.path },
    cwd: folder.path,
  });
  return { code: status, out: stdout, err: stderr };
}

const at = (name: string): string => join(folder.path, name);

async function save(name: string, path: string, headers: Record<string, string> = {}): Promise<string> {
  const { body } = await system.call('GET', path, { headers });
  writeFileSync(at(name), typeof body === 'string' ? body : JSON.stringify(body));
  return at(name);
}

describe('audital, on a running system', () => {
  it('exports a folder that both verifiers accept with the key, and call UNPINNED without', () => {
    expect(audital('export', at('whole'), '--data', system.data)).toMatchObject({ code: 0 });
    const pinned = audital('verify', at('whole'), '--vkey', vkey, '--json');
    expect(pinned.code).toBe(0);
    expect(JSON.parse(pinned.out)).toMatchObject({ verdict: 'ok', trust: 'PINNED', first: 0, findings: [] });
    const unpinned = audital('verify', at('whole'));
    expect([unpinned.code, unpinned.out.split('\n')[0]]).toEqual([11, expect.stringContaining('UNPINNED')]);
    const own = spawnSync(process.execPath, [at('whole/verify.mjs'), at('whole'), '--vkey', vkey], {
      encoding: 'utf8',
    });
    expect([own.status, own.stdout.split('\n')[0]]).toEqual([0, expect.stringMatching(/^VERIFIED/)]);
  });

  it('goes on with a download that was cut, and what comes of it is one whole export', () => {
    expect(audital('export', at('cut'), '--data', system.data).code).toBe(0);
    const file = at('cut/events.ndjson');
    truncateSync(file, Math.floor(readFileSync(file).length / 2));
    expect(audital('verify', at('cut'), '--vkey', vkey)).toMatchObject({ code: 10 });
    expect(audital('export', at('cut'), '--data', system.data).code).toBe(0);
    expect(audital('verify', at('cut'), '--vkey', vkey)).toMatchObject({ code: 0 });
    expect(audital('export', at('cut'), '--data', system.data)).toMatchObject({ code: 2 });
  });

  it('verifies a part with the caveat that it is one', () => {
    expect(audital('export', at('part'), '--from', '3', '--data', system.data).code).toBe(0);
    const { code, out } = audital('verify', at('part'), '--vkey', vkey, '--json');
    expect(code).toBe(11);
    expect(JSON.parse(out)).toMatchObject({
      verdict: 'caveats',
      first: 3,
      caveats: [expect.stringMatching(/^PARTIAL/)],
    });
  });

  it('checks the whole live log, every tile among it', () => {
    const { code, out, err } = audital('verify', url, '--data', system.data, '--vkey', vkey);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^VERIFIED \(signed by the key you gave\): \d+ events, every record, payload, link and tile/);
  });

  it('verifies the proof of one event, as JSON and as a .tlog-proof, and finds a changed one', async () => {
    const event = (await system.events()).find(({ eventType }) => eventType === 'TRAINING_COMPLETED') as AuditEvent;
    const path = `/v1/audit/${event.id}/proof`;
    const json = await save('proof.json', path);
    expect(audital('verify', json, '--vkey', vkey)).toMatchObject({ code: 0 });
    expect(audital('verify', json)).toMatchObject({ code: 11 });
    const { record } = JSON.parse(readFileSync(json, 'utf8')) as { record: string };
    writeFileSync(at('record'), Buffer.from(record, 'base64'));
    const tlog = await save('event.tlog-proof', path, { accept: 'text/x.tlog-proof' });
    expect(audital('verify', tlog, '--record', at('record'), '--vkey', vkey)).toMatchObject({ code: 11 });
    const changed = Buffer.from(record, 'base64').toString().replace('TRAINING_COMPLETED', 'TRAINING_COMPLETEX');
    writeFileSync(at('changed'), changed);
    expect(audital('verify', tlog, '--record', at('changed'), '--vkey', vkey)).toMatchObject({ code: 10 });
    expect(audital('verify', tlog, '--vkey', vkey)).toMatchObject({ code: 2 });
  });

  it('proves that a later checkpoint holds an earlier one, and watch finds a log that went back', async () => {
    const earlier = await save('earlier', '/v1/log/checkpoint');
    const state = ['--state', at('watch.json'), '--once', '--data', system.data];
    expect(audital('watch', ...state)).toMatchObject({ code: 0 });
    const size = (): Promise<number> =>
      system.call<string>('GET', '/v1/log/checkpoint').then(({ body }) => Number(body.split('\n')[1]));
    const before = await size();
    await system.call('POST', '/v1/audit', {
      body: {
        eventType: 'HUMAN_REVIEW',
        source: 'API',
        timestamp: new Date().toISOString(),
        payload: { by: 'cli test' },
      },
    });
    await eventually(async () => (await size()) > before, { what: 'A checkpoint over the posted event' });
    const later = await save('later', '/v1/log/checkpoint');
    expect(audital('verify', earlier, later, '--url', url, '--data', system.data, '--vkey', vkey)).toMatchObject({
      code: 0,
    });
    expect(audital('verify', earlier, later, '--vkey', vkey)).toMatchObject({ code: 2 });
    expect(audital('watch', ...state).out).toContain('consistent:');
    // What the log would look like to a watcher who had seen more of it than it shows now.
    const kept = JSON.parse(readFileSync(at('watch.json'), 'utf8')) as { size: number };
    writeFileSync(at('watch.json'), JSON.stringify({ ...kept, size: kept.size + 1000 }));
    const gone = audital('watch', ...state);
    expect([gone.code, gone.out]).toEqual([10, expect.stringContaining('ROLLBACK')]);
  });

  it('calls what it could not see neither tampered nor well', () => {
    const nobody = ['--url', 'http://127.0.0.1:9', '--key', 'none'];
    expect(audital('verify', 'http://127.0.0.1:9', '--key', 'none')).toMatchObject({ code: 1, out: '' });
    expect(audital('watch', '--once', ...nobody, '--state', at('watch-nobody.json'))).toMatchObject({ code: 11 });
    const refused = ['--once', '--url', url, '--key', 'ak_live_wrong', '--state', at('watch-refused.json')];
    expect(audital('watch', '--once', '--data', system.data, '--state', at('watch-refused.json')).code).toBe(0);
    expect(audital('watch', ...refused)).toMatchObject({ code: 1, out: expect.stringContaining('no answer') });
    expect(audital('verify', `${url}/v1/`, '--data', system.data, '--vkey', vkey)).toMatchObject({ code: 0 });
  });

  it('drills every class of tampering on a copy of the running chain', () => {
    const { code, out } = audital('drill', 'tamper', '--data', system.data);
    expect([code, out]).toEqual([0, expect.stringContaining('Every one was found by both verifiers.')]);
  });

  it.each([
    [['--help'], 0, /verify .*\n/],
    [['colour'], 2, /no command "colour"/],
    [['verify'], 2, /Name what to verify/],
    [['verify', 'nothing-there.ndjson'], 1, /could not run/],
    [['verify', 'x', '--vkey', 'nonsense'], 2, /no key of a log/],
    [['status'], 2, /No running Audital was found/],
  ])('%j ends with %d and says why', (args, code, text) => {
    const ran = audital(...args);
    expect([ran.code, `${ran.out}${ran.err}`]).toEqual([code, expect.stringMatching(text)]);
  });
});
