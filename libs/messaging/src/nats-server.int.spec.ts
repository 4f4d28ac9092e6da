import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Rejected, Unavailable } from '@audital/contracts';
import { tempFolder, type TempFolder } from '@audital/testing';
import { connectBus } from './connect';
import { type NatsServer, startNatsServer } from './nats-server';

let folder: TempFolder;
const servers: NatsServer[] = [];
beforeEach(() => (folder = tempFolder()));
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  folder.remove();
});

async function start(options: { port?: number; binary?: string } = {}): Promise<NatsServer> {
  const storeDir = join(folder.path, 'store');
  const server = await startNatsServer({ ...options, storeDir, passwords: { viewer: 'see', gateway: 'a"\\b $x' } });
  servers.push(server);
  return server;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('startNatsServer', () => {
  it('answers a server that is ready, on a port of its own choice, with a configuration for the owner only', async () => {
    const server = await start();
    expect(statSync(join(folder.path, 'store.conf')).mode & 0o777).toBe(0o600);
    const bus = await connectBus({ url: server.url, user: 'gateway', password: 'a"\\b $x', name: 'test' });
    expect(bus.connected()).toBe(true);
    await bus.close();
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });

  it('refuses a port in use in one sentence that names it, and leaves nothing behind', async () => {
    const occupier = createServer();
    await new Promise<void>((resolve) => occupier.listen(0, '127.0.0.1', resolve));
    const { port } = occupier.address() as { port: number };
    const starting = start({ port });
    await expect(starting).rejects.toBeInstanceOf(Rejected);
    await expect(starting).rejects.toThrow(`Port ${port} is in use, so nats-server cannot listen on it: name another.`);
    await new Promise((resolve) => occupier.close(resolve));
  });

  it('says what is wrong when the binary is no nats-server', async () => {
    await expect(start({ binary: '/bin/false' })).rejects.toBeInstanceOf(Unavailable);
  });

  it('starts again on the same port after a kill', async () => {
    const first = await start();
    await first.stop('SIGKILL');
    const second = await start({ port: first.port });
    expect(second.port).toBe(first.port);
  });
});

describe('connectBus', () => {
  it('says in one sentence that user and password are wrong', async () => {
    const { url } = await start();
    const connecting = connectBus({ url, user: 'viewer', password: 'not this', name: 'test' });
    await expect(connecting).rejects.toMatchObject({ name: 'Rejected', code: 'NATS_REFUSED' });
    await expect(connecting).rejects.not.toThrow('not this');
  });

  it('waits for a server that starts later', async () => {
    const { port, url, stop } = await start();
    await stop();
    const connecting = connectBus({ url, user: 'viewer', password: 'see', name: 'test' });
    await start({ port });
    const bus = await connecting;
    expect(bus.connected()).toBe(true);
    await bus.close();
  });
});
