import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent, RotateKeyReply } from '@audital/contracts';
import { connectBus } from '@audital/messaging';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { root, System, verifyFolder } from './system';
import { giveLedger, takeLedger } from './system-ledger';

let folder: TempFolder;
let system: System;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = tempFolder();
  await giveLedger(join(folder.path, 'data'));
  system = await new System(join(folder.path, 'data'), ['--speed', '600']).started();
  await system.says('TRAINING_COMPLETED', 90_000);
}, 120_000);

afterAll(async () => {
  for (const close of closing) await close();
  await system.stop();
  // Holds each checkpoint to the keys that sign at its size.
  await verifyFolder(system.data);
  await takeLedger(system.data);
  folder.remove();
}, 60_000);

function node(script: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    cwd: folder.path,
  });
  return { code: status, out: stdout, err: stderr };
}
const audital = (...args: string[]) => node(join(root, 'apps/cli/dist/main.js'), ...args);
const at = (name: string): string => join(folder.path, name);
const text = async (path: string): Promise<string> => (await system.call<string>('GET', path)).body;

function rotate(step: '--add' | '--retire'): RotateKeyReply {
  const args = ['chain', 'rotate-key', step, '--reason', 'yearly', '--by', 'ada', '--data', system.data, '--json'];
  const { code, out, err } = audital(...args);
  expect([code, err]).toEqual([0, '']);
  return (JSON.parse(out) as { ok: RotateKeyReply }).ok;
}

/** Posts an event, and answers it when it verifies. */
async function verified(): Promise<AuditEvent> {
  const event = { eventType: 'HUMAN_REVIEW', source: 'API', severity: 'INFO', payload: {} };
  const { body } = await system.call<AuditEvent>('POST', '/v1/audit', { body: event });
  return again(body.id);
}
const again = (id: string): Promise<AuditEvent> =>
  eventually(async () => [(await system.call<AuditEvent>('GET', `/v1/audit/${id}`)).body].find((one) => one.verified), {
    what: `A checkpoint over ${id}`,
  });

/** The gateway's view is as new as this position. */
const signers = (position: number): Promise<number> =>
  eventually(
    async () => {
      const [, size, , , ...signatures] = (await text('/v1/log/checkpoint')).trimEnd().split('\n');
      return Number(size) > position ? signatures.length : null;
    },
    { what: `A checkpoint over position ${position}` },
  );

/** What a subscriber hears, by id. */
async function listening(): Promise<Map<string, AuditEvent>> {
  const { host, username: user, password } = new URL(system.run.nats);
  const bus = await connectBus({ url: `nats://${host}`, user, password, name: 'rotation-test' });
  closing.push(() => bus.close());
  const heard = new Map<string, AuditEvent>();
  bus.listen('audit.>', (body) => void heard.set((body as AuditEvent).id, body as AuditEvent));
  return heard;
}

describe('audital chain rotate-key, on a running system', () => {
  let first = '';
  let before: AuditEvent;

  it('signs with both, then with the new key alone, and every event stays verified', async () => {
    first = (await text('/v1/log/vkey')).trim();
    const heard = await listening();
    before = await verified();
    expect(audital('watch', '--once', '--state', at('w.json'), '--vkey', first, '--data', system.data).code).toBe(0);
    const refused = audital('chain', 'rotate-key', '--retire', '--reason', 'x', '--data', system.data);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('KEY_NOT_ADDED') });

    const added = rotate('--add');
    expect(added).toMatchObject({ replayed: false, live: [{ vkey: first }, { vkey: added.key.vkey }] });
    expect(rotate('--add')).toEqual({ ...added, replayed: true, checkpointSize: expect.any(Number) });
    expect(await signers(added.chainPosition)).toBe(2);
    expect(await text('/v1/log/vkey')).toBe(`${first}\n${added.key.vkey}\n`);
    const between = await verified();
    expect(between.verification.keyId).toBe(added.live[0]?.keyId);

    const retired = rotate('--retire');
    expect(retired.live).toEqual([added.key]);
    expect(await signers(retired.chainPosition)).toBe(1);
    expect(await text('/v1/log/vkey')).toBe(`${added.key.vkey}\n`);
    const after = await verified();
    // Subscribers are told the key as well, and those who read the event over HTTP see the same.
    await eventually(() => heard.get(after.id)?.verification.keyId === added.key.keyId, {
      what: 'The event over NATS',
    });
    expect(heard.get(between.id)?.verification.keyId).toBe(added.live[0]?.keyId);
    for (const { id } of [before, between, after]) expect((await again(id)).verification.keyId).toBe(added.key.keyId);
    const changes = await system.events({ eventType: 'CONFIG_CHANGE', tags: 'KEY_CHANGE' });
    expect(changes.map(({ payload, verified: isVerified }) => [payload?.['kind'], isVerified])).toEqual([
      ['KEY_ADDED', true],
      ['KEY_RETIRED', true],
    ]);
  }, 60_000);

  it('leaves nothing to do for who pinned the first key', async () => {
    const verdict = async (): Promise<string> =>
      (await system.call<{ verdict: string }>('GET', '/v1/audit/chain-status')).body.verdict;
    await eventually(async () => (await verdict()) === 'VERIFIED', { what: 'A verified chain', deadlineMs: 30_000 });
    expect(audital('export', at('export'), '--data', system.data).code).toBe(0);
    const key = ['--vkey', first, '--json'];
    for (const { code, out } of [
      audital('verify', at('export'), ...key),
      node(at('export/verify.mjs'), at('export'), ...key),
      audital('verify', system.run.gateway, '--data', system.data, ...key),
    ])
      expect([code, JSON.parse(out)]).toMatchObject([0, { verdict: 'ok', trust: 'PINNED' }]);
    const { body: proof } = await system.call('GET', `/v1/audit/${before.id}/proof`);
    writeFileSync(at('proof.json'), JSON.stringify(proof));
    const url = ['--url', system.run.gateway, '--data', system.data];
    expect(audital('verify', at('proof.json'), '--vkey', first, ...url)).toMatchObject({ code: 0 });
    const offline = audital('verify', at('proof.json'), '--vkey', first);
    expect([offline.code, offline.out]).toEqual([10, expect.stringContaining('give the newer one too')]);
    const watch = audital('watch', '--once', '--state', at('w.json'), '--vkey', first, '--data', system.data);
    expect([watch.code, watch.out]).toEqual([0, expect.stringContaining('consistent:')]);
  }, 60_000);
});
