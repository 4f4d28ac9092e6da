import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ledger, openLedger } from '@audital/ledger';
import {
  type Bus,
  type BusOptions,
  connectBus,
  NATS_USERS,
  type NatsServer,
  type NatsUser,
  startNatsServer,
} from '@audital/messaging';

export interface TempFolder {
  path: string;
  remove: () => void;
}

export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'audital-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface TestLedger {
  ledger: Ledger;
  url: string;
  /** Another process's view of the same ledger; closed with it. */
  open: (writes?: readonly string[]) => Promise<Ledger>;
  /** Closes and removes it. */
  remove: () => Promise<void>;
}

const EVERY_PREFIX = ['organisation-', 'integration-', 'chain-', 'payload-', 'cursor-', 'checkpoint-'];

/** A ledger in a file of its own, which may be written everywhere unless `writes` says less. */
export async function tempLedger(writes: readonly string[] = EVERY_PREFIX): Promise<TestLedger> {
  const folder = tempFolder();
  const url = `sqlite:${join(folder.path, 'ledger.sqlite')}`;
  const opened: Ledger[] = [];
  const open = async (prefixes: readonly string[] = EVERY_PREFIX): Promise<Ledger> => {
    const ledger = await openLedger(url, { writes: prefixes });
    opened.push(ledger);
    return ledger;
  };
  return {
    ledger: await open(writes),
    url,
    open,
    remove: async () => {
      await Promise.all(opened.map((ledger) => ledger.close()));
      folder.remove();
    },
  };
}

export interface TestNats {
  readonly url: string;
  readonly port: number;
  /** Of the server that runs now. */
  readonly pid: number;
  readonly passwords: Record<string, string>;
  /** Closed with the server. */
  connect: (user: NatsUser, options?: Partial<BusOptions>) => Promise<Bus>;
  /** `SIGKILL` unless another signal is named. */
  kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** On the same port. `wipe`: with an empty store. */
  start: (o?: { wipe: boolean }) => Promise<void>;
  /** `kill` and `start`. */
  restart: (o: { wipe: boolean; signal?: NodeJS.Signals }) => Promise<void>;
  stop: () => Promise<void>;
}

/** A real nats-server on a free port, with the users and permissions of production. */
export async function startNats(): Promise<TestNats> {
  const folder = tempFolder();
  const passwords = Object.fromEntries(NATS_USERS.map((user) => [user, randomBytes(12).toString('hex')]));
  const open: Bus[] = [];
  let generation = 0;
  const launch = (port: number): Promise<NatsServer> =>
    startNatsServer({ port, storeDir: join(folder.path, `store-${generation}`), passwords });
  let server = await launch(0);
  const kill = (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => server.stop(signal);
  const start = async ({ wipe } = { wipe: false }): Promise<void> => {
    if (wipe) generation += 1;
    server = await launch(server.port);
  };
  return {
    url: server.url,
    port: server.port,
    passwords,
    get pid() {
      return server.pid;
    },
    connect: async (user, options = {}) => {
      const bus = await connectBus({
        url: server.url,
        user,
        password: passwords[user] as string,
        name: user,
        ...options,
      });
      open.push(bus);
      return bus;
    },
    kill,
    start,
    restart: async ({ wipe, signal }) => {
      await kill(signal);
      await start({ wipe });
    },
    stop: async () => {
      await Promise.all(open.map((bus) => bus.close()));
      await kill('SIGTERM');
      folder.remove();
    },
  };
}
