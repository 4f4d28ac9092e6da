import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { eventually } from '@audital/testing';

/** A service that takes a moment to drain, and says when it has. `OWN_NUMBER` is a rule of its own. */
const SERVICE = `
require('reflect-metadata');
const { IsInt } = require('class-validator');
const { runService, ServiceConfig, toNumber } = require('./index');
class Config extends ServiceConfig { OWN_NUMBER = 1; }
toNumber()(Config.prototype, 'OWN_NUMBER');
IsInt()(Config.prototype, 'OWN_NUMBER');
void runService({
  name: 'tested',
  Config,
  start: async ({ health, log }) => {
    const timer = setInterval(() => undefined, 1000);
    if (process.env.FAIL === 'start') throw new Error('the ledger said no');
    if (process.env.FAIL === 'later') setTimeout(() => Promise.reject(new Error('nobody handles this')), 50);
    health.check('broker', () => (process.env.BROKER === 'away' ? 'the broker is away' : null));
    return { stop: () => new Promise((resolve) => setTimeout(() => {
      log.info('drained');
      if (process.env.HANGS === '1') return;
      clearInterval(timer);
      resolve();
    }, 200)) };
  },
});
`;

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  // The sources as they stand, so that what is tested is never an older build.
  const out = join(__dirname, '..', 'out-tsc');
  mkdirSync(out, { recursive: true });
  folder = mkdtempSync(join(out, 'run-service-'));
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith('.ts') && !name.includes('.spec'))) {
    const { code } = transformSync(readFileSync(join(__dirname, file), 'utf8'), {
      filename: file,
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'commonjs' },
    });
    writeFileSync(join(folder, file.replace(/ts$/, 'js')), code);
  }
  writeFileSync(join(folder, 'main.js'), SERVICE);
});

afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const right = { NATS_URL: 'nats://127.0.0.1:4222', LEDGER_URL: 'sqlite:/tmp/l' };

interface Run {
  child: ChildProcess;
  output: () => string;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

function run(env: Record<string, string>): Run {
  const child = spawn(process.execPath, [join(folder, 'main.js')], { env, stdio: 'pipe' });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  return { child, output: () => output, ended };
}

const isRunning = ({ output }: Run): Promise<true> =>
  eventually((): true | null => (output().includes('"msg":"running"') ? true : null), { what: 'The start' });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('runService', () => {
  it('ends with 78 and names every variable that is wrong, and starts nothing', async () => {
    const bad = { NATS_URL: 'http://x', LOG_LEVEL: 'loud', OWN_NUMBER: 'many', NATS_PASSWORD: 'hunter2' };
    const started = run({ ...bad, NODE_ENV: 'production' });
    expect(await started.ended).toEqual({ code: 78, signal: null });
    for (const name of ['NATS_URL', 'LEDGER_URL', 'LOG_LEVEL', 'OWN_NUMBER', 'NATS_USER'])
      expect(started.output()).toContain(name);
    expect(started.output()).not.toContain('running');
    expect(started.output()).not.toContain('hunter2');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('drains on %s and ends with 0', async (signal) => {
    const started = run(right);
    await isRunning(started);
    started.child.kill(signal);
    expect(await started.ended).toEqual({ code: 0, signal: null });
    expect(started.output()).toContain('"msg":"drained"');
  });

  it('ends at once on a second signal', async () => {
    const started = run({ ...right, HANGS: '1' });
    await isRunning(started);
    started.child.kill('SIGTERM');
    await eventually(() => started.output().includes('drained'), { what: 'The drain' });
    started.child.kill('SIGTERM');
    expect(await started.ended).toEqual({ code: 1, signal: null });
  });

  it('ends with its standard input when it is told so, and only then', async () => {
    const bound = run({ ...right, AUDITAL_EXIT_WITH_STDIN: '1' });
    const free = run(right);
    await Promise.all([isRunning(bound), isRunning(free)]);
    for (const { child } of [bound, free]) child.stdin?.end();
    expect(await bound.ended).toEqual({ code: 0, signal: null });
    expect(bound.output()).toContain('"msg":"drained"');
    expect(free.child.exitCode).toBeNull();
  });

  it('drains to the end when stdin ends after the signal', async () => {
    const started = run({ ...right, AUDITAL_EXIT_WITH_STDIN: '1' });
    await isRunning(started);
    started.child.kill('SIGTERM');
    await eventually(() => started.output().includes('stopping'), { what: 'The signal' });
    started.child.stdin?.end();
    expect(await started.ended).toEqual({ code: 0, signal: null });
  });

  it('answers live, ready and metrics, and says what it waits for', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const ready = run({ ...right, HEALTH_PORT: String(port) });
    const waiting = run({ ...right, HEALTH_PORT: String(other), BROKER: 'away' });
    await Promise.all([isRunning(ready), isRunning(waiting)]);
    const get = (at: number, path: string): Promise<Response> => fetch(`http://127.0.0.1:${at}${path}`);
    expect((await get(port, '/health/live')).status).toBe(200);
    expect(await (await get(port, '/health/ready')).json()).toEqual({
      ready: true,
      checks: { started: 'ok', broker: 'ok' },
    });
    expect(await (await get(port, '/metrics')).text()).toContain('process_cpu_seconds_total');
    expect((await get(port, '/')).status).toBe(404);
    const away = await get(other, '/health/ready');
    expect(away.status).toBe(503);
    expect(await away.json()).toMatchObject({ checks: { broker: 'the broker is away' } });
    expect((await get(other, '/health/live')).status).toBe(200);
  });

  it('is not ready any more while it drains', async () => {
    const port = await freePort();
    const started = run({ ...right, HEALTH_PORT: String(port), HANGS: '1' });
    await isRunning(started);
    started.child.kill('SIGTERM');
    await eventually(() => started.output().includes('stopping'), { what: 'The signal' });
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ checks: { started: 'the service is stopping' } });
  });

  it('says in one sentence that the health port is taken', async () => {
    const port = await freePort();
    const first = run({ ...right, HEALTH_PORT: String(port) });
    await isRunning(first);
    const second = run({ ...right, HEALTH_PORT: String(port) });
    expect((await second.ended).code).toBe(1);
    expect(second.output()).toContain(`HEALTH_PORT ${port} on 127.0.0.1 cannot be listened on (EADDRINUSE)`);
  });

  it.each(['start', 'later'])('ends with 1 and the error when something fails at %s', async (when) => {
    const started = run({ ...right, FAIL: when });
    expect(await started.ended).toEqual({ code: 1, signal: null });
    expect(started.output()).toMatch(/the ledger said no|nobody handles this/);
  });
});
