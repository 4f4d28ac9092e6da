import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheFolder, run, SetupError, step } from './steps.mjs';

const CACHE = join(cacheFolder, 'nats-server');

/**
 * The path of a nats-server, or null when NATS_URL names one that runs already. In this order: NATS_SERVER_BIN, a cached copy, the PATH
 * (2.10 or newer), a private unpack of the distribution's package (no root, nothing installed), Homebrew, a copy out of the Docker
 * image, and at last a 2.9 on the PATH, which has fewer features.
 */
export async function provideNatsServer() {
  if (process.env.NATS_URL) return null;
  if (process.env.NATS_SERVER_BIN) return process.env.NATS_SERVER_BIN;
  const cached = newestCached();
  if (cached) return cached;
  const onPath = await fromPath();
  if (onPath && atLeast(onPath.version, [2, 10])) return onPath.binary;
  for (const provide of [fromDebian, fromHomebrew, fromDocker]) {
    const binary = await provide();
    if (binary) return binary;
  }
  if (onPath && atLeast(onPath.version, [2, 9])) return onPath.binary;
  throw new SetupError(
    'Audital needs a nats-server (2.10 or newer) and found none: install one (apt install nats-server, brew install nats-server, or a release from nats.io), or set NATS_URL to one that runs.',
  );
}

function newestCached() {
  if (!existsSync(CACHE)) return null;
  const versions = readdirSync(CACHE).filter((name) => existsSync(join(CACHE, name, 'nats-server')));
  versions.sort((a, b) => compare(parse(b), parse(a)));
  return versions[0] ? join(CACHE, versions[0], 'nats-server') : null;
}

async function fromPath() {
  for (const folder of (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/usr/local/sbin')) {
    const binary = join(folder, 'nats-server');
    if (existsSync(binary)) {
      const version = await versionOf(binary);
      if (version) return { binary, version };
    }
  }
  return null;
}

async function versionOf(binary) {
  const { code, output } = await run(binary, ['--version']);
  return code === 0 ? parse(output) : null;
}

const parse = (text) => (/(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [0, 0, 0, 0]).slice(1, 4).map(Number);
const compare = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const atLeast = (version, [major, minor]) => compare(version, [major, minor, 0]) >= 0;

/** Renamed into place: a cache never holds half a binary. */
async function intoCache(binary) {
  const version = await versionOf(binary);
  if (!version || !atLeast(version, [2, 9])) return null;
  const folder = join(CACHE, version.join('.'));
  mkdirSync(folder, { recursive: true });
  const arriving = join(folder, `arriving-${process.pid}`);
  copyFileSync(binary, arriving);
  chmodSync(arriving, 0o755);
  renameSync(arriving, join(folder, 'nats-server'));
  return join(folder, 'nats-server');
}

/** Debian 12 has 2.9, so Debian takes the package of the next stable release; Ubuntu takes its own. */
async function fromDebian() {
  const release = osRelease();
  const debian = release.ID === 'debian';
  if (!(debian || release.ID === 'ubuntu') || (await run('apt-get', ['--version'])).code !== 0) return null;
  const mirror = mirrorInUse(debian);
  if (!mirror) return null;
  const suites = [...new Set(debian ? ['trixie', release.VERSION_CODENAME] : [release.VERSION_CODENAME])];
  return step(
    `nats-server: apt-get fetches the ${release.ID} package (about 10 MB) into ${CACHE}; nothing is installed`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'audital-nats-'));
      try {
        for (const suite of suites) {
          const binary = await unpack({ folder, suite, debian, mirror });
          if (binary) return await intoCache(binary);
        }
        return null;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}

/** apt with lists, status and cache of its own: it checks the archive's signature and does not touch the system. */
async function unpack({ folder, suite, debian, mirror }) {
  const at = (...parts) => join(folder, suite, ...parts);
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'parts', 'out'])
    mkdirSync(at(path), { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(at('status'), '');
  const keyring = `/usr/share/keyrings/${debian ? 'debian' : 'ubuntu'}-archive-keyring.gpg`;
  const component = debian ? 'main' : 'universe';
  writeFileSync(
    at('parts', 'audital.sources'),
    `Types: deb\nURIs: ${mirror}\nSuites: ${suite}\nComponents: ${component}\nSigned-By: ${keyring}\n`,
  );
  const options = {
    'Dir::State': at('state'),
    'Dir::State::status': at('status'),
    'Dir::Cache': at('cache'),
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': at('parts'),
    'Acquire::Languages': 'none',
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  const apt = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  if ((await run('apt-get', [...apt, '-qq', 'update'])).code !== 0) return null;
  if ((await run('apt-get', [...apt, '-qq', 'download', 'nats-server'], { cwd: at('out') })).code !== 0) return null;
  const archive = readdirSync(at('out')).find((name) => name.endsWith('.deb'));
  if (!archive || (await run('dpkg', ['-x', join(at('out'), archive), at('out')])).code !== 0) return null;
  return ['usr/sbin/nats-server', 'usr/bin/nats-server'].map((path) => at('out', path)).find(existsSync) ?? null;
}

function osRelease() {
  if (!existsSync('/etc/os-release')) return {};
  const lines = readFileSync('/etc/os-release', 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line.includes('='))
      .map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1).replaceAll('"', '')]),
  );
}

/** The mirror that this machine's own apt uses, or null. */
function mirrorInUse(debian) {
  const name = debian ? 'debian' : 'ubuntu';
  for (const file of [`/etc/apt/sources.list.d/${name}.sources`, '/etc/apt/sources.list']) {
    if (!existsSync(file)) continue;
    const found = /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+)/m.exec(readFileSync(file, 'utf8'));
    if (found) return found[1];
  }
  return null;
}

async function fromHomebrew() {
  if (process.platform !== 'darwin' || (await run('brew', ['--version'])).code !== 0) return null;
  return step('nats-server: brew install nats-server (about 10 MB)', async () => {
    if ((await run('brew', ['install', 'nats-server'])).code !== 0) return null;
    return (await fromPath())?.binary ?? null;
  });
}

/** The image holds one static binary: it is copied out, no container runs. Linux only, where that binary runs outside too. */
async function fromDocker() {
  if (process.platform !== 'linux' || (await run('docker', ['info'])).code !== 0) return null;
  return step('nats-server: docker copies it out of the image nats:2.10 (about 20 MB)', async () => {
    const created = await run('docker', ['create', 'nats:2.10']);
    if (created.code !== 0) return null;
    const container = created.output.trim().split('\n').pop();
    const folder = mkdtempSync(join(tmpdir(), 'audital-nats-'));
    const copied = await run('docker', ['cp', `${container}:/nats-server`, join(folder, 'nats-server')]);
    await run('docker', ['rm', container]);
    const binary = copied.code === 0 ? await intoCache(join(folder, 'nats-server')) : null;
    rmSync(folder, { recursive: true, force: true });
    return binary;
  });
}
