import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bus, connectBus, NATS_USERS, type NatsServer, startNatsServer } from '@audital/messaging';

export interface TempFolder {
  path: string;
  remove: () => void;
}

export function tempFolder(): TempFolder {
  const path = mkdtempSync(join(tmpdir(), 'audital-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export interface TestNats {
  url: string;
  port: number;
  pid: number;
  passwords: Record<string, string>;
  /** Closed with the server. */
  connect: (user: string) => Promise<Bus>;
  /** `wipe`: the broker comes back on the same port with an empty store. */
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
    startNatsServer({ port, storeDir: join(folder.path, `js${generation}`), passwords });
  let server = await launch(0);
  return {
    url: server.url,
    port: server.port,
    pid: server.pid,
    passwords,
    connect: async (user) => {
      const bus = await connectBus({ url: server.url, user, password: passwords[user] as string, name: user });
      open.push(bus);
      return bus;
    },
    restart: async ({ wipe, signal }) => {
      await server.stop(signal ?? 'SIGKILL');
      if (wipe) generation += 1;
      server = await launch(server.port);
    },
    stop: async () => {
      await Promise.all(open.map((bus) => bus.close()));
      await server.stop();
      folder.remove();
    },
  };
}
