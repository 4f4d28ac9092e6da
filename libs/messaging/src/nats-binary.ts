import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Unavailable } from '@audital/contracts';

const exec = promisify(execFile);

export type Version = [major: number, minor: number, patch: number];
/** Debian 12's: it works, without an fsync for each message. */
const OLDEST: Version = [2, 9, 0];
/** From here on every acknowledged message is synced. */
export const SYNCS: Version = [2, 10, 0];

const parse = (text: string): Version | null => {
  const found = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : null;
};

export const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];

/** Distributions put it where only root's PATH looks. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

/** Throws Unavailable when the file is no nats-server that runs here. */
export async function versionOf(binary: string): Promise<Version> {
  try {
    const { stdout, stderr } = await exec(binary, ['--version']);
    const version = parse(stdout + stderr);
    if (version) return version;
  } catch (error) {
    throw new Unavailable('nats-server', `${binary} does not run as a nats-server on this machine.`, { cause: error });
  }
  throw new Unavailable('nats-server', `${binary} does not say its version, so it is no nats-server.`);
}

/**
 * NATS_SERVER_BIN, then the copy that the set-up step keeps in the user's cache, then the PATH: 2.10 or newer if there is one, else 2.9.
 * Throws Unavailable.
 */
export async function findNatsServer(
  env: Record<string, string | undefined> = process.env,
  systemFolders: readonly string[] = SYSTEM_FOLDERS,
): Promise<string> {
  const named = env['NATS_SERVER_BIN'];
  if (named) {
    await versionOf(named);
    return named;
  }
  const cache = join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'audital', 'nats-server');
  const binary = newestCached(cache) ?? (await newestOn([...(env['PATH'] ?? '').split(delimiter), ...systemFolders]));
  if (binary !== null) return binary;
  throw new Unavailable(
    'nats-server',
    'No nats-server was found: run npm start once, which provides one, or install nats-server 2.10, or set NATS_SERVER_BIN.',
  );
}

function newestCached(folder: string): string | null {
  if (!existsSync(folder)) return null;
  const whole = readdirSync(folder).flatMap((name) => {
    const version = parse(name);
    return version && existsSync(join(folder, name, 'nats-server')) ? [{ name, version }] : [];
  });
  const newest = whole.sort((a, b) => compare(b.version, a.version))[0];
  return newest ? join(folder, newest.name, 'nats-server') : null;
}

async function newestOn(folders: string[]): Promise<string | null> {
  const found: { binary: string; version: Version }[] = [];
  for (const folder of new Set(folders)) {
    const binary = join(folder, 'nats-server');
    const version = existsSync(binary) ? await versionOf(binary).catch(() => null) : null;
    if (version && compare(version, OLDEST) >= 0) found.push({ binary, version });
  }
  const enough = found.find(({ version }) => compare(version, SYNCS) >= 0);
  return (enough ?? found[0])?.binary ?? null;
}
