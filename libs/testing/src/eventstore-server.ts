import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openLedger } from '@audital/ledger';
import { eventually } from './eventually';
import { tempFolder } from './servers';

/** A server of the test's own, empty at the start. */
export interface OwnEventStore {
  /** Without TLS: everybody is an administrator. With it: as `admin`. */
  readonly url: string;
  /** Where it keeps its chunk files. */
  readonly data: string;
  readonly pid: number;
  freeze: () => void;
  thaw: () => void;
  kill: () => Promise<void>;
  /** On the same ports and files, after `kill`. */
  start: () => Promise<void>;
  /** Ends and removes it. */
  remove: () => Promise<void>;
}

/** How to run an EventStoreDB 24.10, such as `/usr/bin/eventstored` or `dotnet /path/EventStore.ClusterNode.dll`; null: there is none. */
export const eventStoreProgram = (): string[] | null => process.env['EVENTSTORE_BIN']?.split(' ') ?? null;

/**
 * Starts a server by EVENTSTORE_BIN on free ports, and waits until it takes appends. `secured`: with TLS, and so with users. `chunkSize` is
 * what production never sets (docs/redaction.md).
 */
export async function startEventStore(o: { secured?: boolean; chunkSize?: number } = {}): Promise<OwnEventStore> {
  const [program, ...prefix] = eventStoreProgram() ?? [];
  if (program === undefined) throw new Error('EVENTSTORE_BIN names no EventStoreDB to start.');
  const folder = tempFolder();
  const data = join(folder.path, 'data');
  const [port, replication] = [await freePort(), await freePort()];
  const url = o.secured
    ? `esdb://admin:changeit@127.0.0.1:${port}?tls=true&tlsCaFile=${join(folder.path, 'roots', 'ca.crt')}`
    : `esdb://127.0.0.1:${port}?tls=false`;
  const args = [
    ...['--db', data, '--log', join(folder.path, 'log'), '--node-ip', '127.0.0.1', '--replication-ip', '127.0.0.1'],
    ...['--node-port', String(port), '--replication-port', String(replication), '--run-projections', 'None'],
    ...(o.secured ? makeCertificates(folder.path) : ['--insecure']),
    ...['--stream-existence-filter-size', '10000000'],
    ...(o.chunkSize === undefined ? [] : ['--chunk-size', String(o.chunkSize)]),
  ];
  // The server takes every EVENTSTORE_… for a setting of its own, and does not start for one that it does not know.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('EVENTSTORE_'));
  const env = { ...Object.fromEntries(inherited), EVENTSTORE_TELEMETRY_OPTOUT: 'true' };
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const out = openSync(join(folder.path, 'out'), 'a');
    child = spawn(program, [...prefix, ...args], { stdio: ['ignore', out, out], env });
    closeSync(out);
    await takesAppends(url).catch((error: unknown) => {
      child?.kill('SIGKILL');
      throw new Error(`The server did not start: ${readFileSync(join(folder.path, 'out'), 'utf8').slice(-2_000)}`, {
        cause: error,
      });
    });
  };
  const signal = (name: NodeJS.Signals): void => void child?.kill(name);
  const kill = async (): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child?.once('exit', resolve));
    signal('SIGKILL');
    await exited;
  };
  await start();
  return {
    url,
    data,
    get pid() {
      return child?.pid as number;
    },
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    kill,
    start,
    remove: async () => {
      await kill();
      folder.remove();
    },
  };
}

/** Alive is not ready: until it leads, it refuses appends, and until it knows its users, everybody. */
async function takesAppends(url: string): Promise<void> {
  const ledger = await openLedger(url, { writes: ['cursor-'] });
  const event = { id: crypto.randomUUID(), type: 'Ready', data: new Uint8Array(1), metadata: new Uint8Array() };
  try {
    await eventually(() => ledger.append(`cursor-ready-${event.id}`, -1, [event]).then(() => true), {
      what: 'An append to the EventStoreDB',
      deadlineMs: 60_000,
    });
  } finally {
    await ledger.close();
  }
}

/** A CA and a node's certificate, as a deployment makes them; returns the server's options. */
function makeCertificates(folder: string): string[] {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  mkdirSync(at('roots'));
  const key = ['-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'roots/ca.crt', '-subj', '/CN=Test CA');
  openssl('req', ...key.slice(0, 3), '-keyout', 'node.key', '-out', 'node.csr', '-subj', '/CN=eventstoredb-node');
  writeFileSync(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n');
  const signing = ['-CA', 'roots/ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2'];
  openssl('x509', '-req', '-in', 'node.csr', '-out', 'node.crt', ...signing);
  return [
    ...['--certificate-file', at('node.crt'), '--certificate-private-key-file', at('node.key')],
    ...['--trusted-root-certificates-path', at('roots')],
  ];
}

/** Files below a folder that hold the text, as its bytes. */
export function filesHolding(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(text))
    .map(({ name }) => name);
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
