import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Unavailable } from '@audital/contracts';
import { tempFolder, type TempFolder } from '@audital/testing';
import { findNatsServer } from './nats-binary';

let folder: TempFolder;
beforeEach(() => (folder = tempFolder()));
afterEach(() => folder.remove());

function fake(path: string, version: string): string {
  const binary = join(folder.path, path);
  mkdirSync(dirname(binary), { recursive: true });
  writeFileSync(binary, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(binary, 0o755);
  return binary;
}
const env = (more: Record<string, string> = {}): Record<string, string> => ({
  XDG_CACHE_HOME: join(folder.path, 'cache'),
  PATH: join(folder.path, 'bin'),
  ...more,
});

const find = (given: Record<string, string>): Promise<string> => findNatsServer(given, []);

describe('findNatsServer', () => {
  it('takes NATS_SERVER_BIN before anything else', async () => {
    fake('cache/audital/nats-server/2.10.27/nats-server', '2.10.27');
    const named = fake('own/nats-server', '2.9.10');
    await expect(find(env({ NATS_SERVER_BIN: named }))).resolves.toBe(named);
  });

  it('says so when NATS_SERVER_BIN does not run', async () => {
    const missing = join(folder.path, 'nothing-here');
    await expect(find(env({ NATS_SERVER_BIN: missing }))).rejects.toThrow(
      `${missing} does not run as a nats-server on this machine.`,
    );
  });

  it('takes the newest whole copy of the cache', async () => {
    fake('cache/audital/nats-server/2.9.10/nats-server', '2.9.10');
    const newest = fake('cache/audital/nats-server/2.10.27/nats-server', '2.10.27');
    mkdirSync(join(folder.path, 'cache/audital/nats-server/2.11.0'));
    fake('bin/nats-server', '2.12.0');
    await expect(find(env())).resolves.toBe(newest);
  });

  it('looks into ~/.cache without XDG_CACHE_HOME', async () => {
    const cached = fake('home/.cache/audital/nats-server/2.10.27/nats-server', '2.10.27');
    await expect(find({ HOME: join(folder.path, 'home'), PATH: '' })).resolves.toBe(cached);
  });

  it('prefers 2.10 on the PATH to an older one before it', async () => {
    fake('bin/nats-server', '2.9.10');
    const newer = fake('later/nats-server', '2.10.1');
    const path = `${join(folder.path, 'bin')}:${join(folder.path, 'later')}`;
    await expect(find(env({ PATH: path }))).resolves.toBe(newer);
  });

  it('takes 2.9 when there is nothing better, and nothing older', async () => {
    const old = fake('bin/nats-server', '2.9.10');
    fake('later/nats-server', '2.8.4');
    await expect(find(env())).resolves.toBe(old);
  });

  it('throws one clear sentence when there is none', async () => {
    const finding = find(env());
    await expect(finding).rejects.toBeInstanceOf(Unavailable);
    await expect(finding).rejects.toThrow(/^No nats-server was found: .*NATS_SERVER_BIN\.$/);
  });
});
