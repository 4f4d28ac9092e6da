import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Rejected, Unavailable } from '@audital/contracts';
import { NATS_USERS, permissionsOf } from './users';

const exec = promisify(execFile);
type Version = [number, number, number];

/** NATS_SERVER_BIN, the copy that the set-up step keeps in the user's cache, or the PATH; 2.9 is the oldest that works. */
export async function findNatsServer(): Promise<string> {
  const named = process.env['NATS_SERVER_BIN'];
  if (named) return named;
  const cached = newestCached(
    join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'audital', 'nats-server'),
  );
  if (cached) return cached;
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const binary = join(folder, 'nats-server');
    if (existsSync(binary) && compare(await versionOf(binary), [2, 9, 0]) >= 0) return binary;
  }
  throw new Unavailable(
    'nats-server',
    'No nats-server was found: run npm start once, which provides one, or install nats-server 2.10, or set NATS_SERVER_BIN.',
  );
}

function newestCached(folder: string): string | null {
  if (!existsSync(folder)) return null;
  const found = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'nats-server')));
  const newest = found.sort((a, b) => compare(parse(b), parse(a)))[0];
  return newest ? join(folder, newest, 'nats-server') : null;
}

async function versionOf(binary: string): Promise<Version> {
  const { stdout, stderr } = await exec(binary, ['--version']);
  return parse(stdout + stderr);
}

const parse = (text: string): Version => {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0), Number(found?.[3] ?? 0)];
};
const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

export interface NatsConfigOptions {
  binary: string;
  port: number;
  storeDir: string;
  /** One for each of NATS_USERS. */
  passwords: Record<string, string>;
}

/** The server's configuration: this machine only, one user a service, and from 2.10 on an fsync before every acknowledgement. */
export async function natsConfig(o: NatsConfigOptions): Promise<string> {
  const syncAlways = compare(await versionOf(o.binary), [2, 10, 0]) >= 0;
  const users = NATS_USERS.map((user) => {
    const { publish, subscribe } = permissionsOf(user);
    const permissions = {
      publish: publish.length > 0 ? { allow: publish } : { deny: ['>'] },
      subscribe: { allow: subscribe },
      allow_responses: true,
    };
    return { user, password: o.passwords[user], permissions };
  });
  return [
    `listen: "127.0.0.1:${o.port}"`,
    'max_payload: 2MB',
    'jetstream {',
    `  store_dir: ${JSON.stringify(o.storeDir)}`,
    ...(syncAlways ? ['  sync_interval: always'] : []),
    '}',
    'authorization {',
    `  users: ${JSON.stringify(users)}`,
    '}',
    '',
  ].join('\n');
}

export interface NatsServer {
  url: string;
  port: number;
  pid: number;
  passwords: Record<string, string>;
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

/** Starts a server as a child and waits until it answers. Throws Rejected when the port is in use. */
export async function startNatsServer(o: {
  binary?: string;
  port?: number;
  storeDir: string;
  passwords: Record<string, string>;
}): Promise<NatsServer> {
  const binary = o.binary ?? (await findNatsServer());
  const port = await freePort(o.port ?? 0);
  mkdirSync(o.storeDir, { recursive: true });
  const file = join(dirname(o.storeDir), `nats-${port}.conf`);
  writeFileSync(file, await natsConfig({ binary, port, storeDir: o.storeDir, passwords: o.passwords }), {
    mode: 0o600,
  });
  const child = spawn(binary, ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await answering(port, child, () => log);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return { url: `nats://127.0.0.1:${port}`, port, pid: child.pid as number, passwords: o.passwords, stop };
}

function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) =>
      reject(new Rejected('PORT_IN_USE', `Port ${wanted} cannot be used by nats-server: ${error.message}.`)),
    );
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function answering(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    if (child.exitCode !== null)
      throw new Unavailable('nats-server', `nats-server ended at once: ${log().trim().split('\n').pop() ?? ''}`);
    if (await accepts(port)) return;
    if (Date.now() > end)
      throw new Unavailable('nats-server', `nats-server did not answer on port ${port} within 10 s.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const answer = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
