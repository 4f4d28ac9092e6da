import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Rejected, Unavailable } from '@audital/contracts';
import { findNatsServer } from './nats-binary';
import { natsConfig } from './nats-config';

export interface NatsServer {
  url: string;
  port: number;
  pid: number;
  passwords: Record<string, string>;
  /** Resolves when the process is gone. */
  stop: (signal?: NodeJS.Signals) => Promise<void>;
}

export interface NatsServerOptions {
  binary?: string;
  /** 0 or nothing: any free port. */
  port?: number;
  storeDir: string;
  passwords: Record<string, string>;
}

const READY_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
const LOG_CHARACTERS = 8_000;

/**
 * Starts a server as a child of this process and resolves when it is ready. Its configuration lies beside the store, for the owner's eyes
 * only: it holds the passwords. Throws Rejected when the port is in use, Unavailable when the server does not start for another reason.
 */
export async function startNatsServer(o: NatsServerOptions): Promise<NatsServer> {
  const binary = o.binary ?? (await findNatsServer());
  const { storeDir, passwords } = o;
  const configFile = `${storeDir}.conf`;
  mkdirSync(storeDir, { recursive: true, mode: 0o700 });
  // The mode counts for a new file only.
  rmSync(configFile, { force: true });
  writeFileSync(configFile, await natsConfig({ binary, port: o.port ?? 0, storeDir, passwords }), { mode: 0o600 });
  const child = spawn(binary, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await ready(child, o.port ?? 0);
  const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => end(child, signal);
  return { url: `nats://127.0.0.1:${port}`, port, pid: child.pid as number, passwords, stop };
}

/** The port that the server itself says it listens on, once it says that it is ready. */
function ready(child: ChildProcess, wanted: number): Promise<number> {
  let log = '';
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      clearTimeout(limit);
      child.kill('SIGKILL');
      reject(error);
    };
    const limit = setTimeout(
      () => refuse(new Unavailable('nats-server', `nats-server was not ready within ${READY_LIMIT_MS / 1000} s.`)),
      READY_LIMIT_MS,
    );
    child.once('error', (error) => refuse(new Unavailable('nats-server', `nats-server: ${error.message}.`)));
    child.once('close', () => refuse(startError(log, wanted)));
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_CHARACTERS);
      const port = /Listening for client connections on \S+:(\d+)/.exec(log)?.[1];
      if (!port || !log.includes('Server is ready')) return;
      clearTimeout(limit);
      child.removeAllListeners('close');
      // What it writes from here on is read and forgotten: a full pipe would stop it.
      child.stderr?.removeAllListeners('data').resume();
      resolve(Number(port));
    });
  });
}

function startError(log: string, port: number): Error {
  if (log.includes('address already in use'))
    return new Rejected('PORT_IN_USE', `Port ${port} is in use, so nats-server cannot listen on it: name another.`);
  const last = log.trim().split('\n').at(-1) ?? '';
  return new Unavailable('nats-server', `nats-server ended at once: ${last.replace(/^\[\d+\] \S+ \S+ /, '')}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill(signal);
  const patience = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(patience);
}
