import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';

const IMAGE = process.env['EVENTSTORE_IMAGE'] ?? 'docker.eventstore.com/eventstore/eventstoredb-ee:24.10';
const PULL_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 60_000;

/** The plug of a server. `kill` is a `kill -9`. */
export interface ServerControl {
  kill: () => void;
  start: () => void;
  freeze: () => void;
  thaw: () => void;
}

export interface ServerUnderTest {
  url: string;
  control: ServerControl | null;
  remove: () => Promise<void>;
}

export interface FoundServer {
  start: () => Promise<ServerUnderTest>;
  /** False: the server belongs to somebody else, who did not say how it is stopped and started. */
  isControlled: boolean;
}

/**
 * How a server can be had: the one of EVENTSTORE_URL (with EVENTSTORE_PIDFILE and EVENTSTORE_START, a command that starts it again, it is also
 * killed and frozen), one that the command EVENTSTORE_BIN runs (`startProgram`), or one in Docker. Null when neither is there, after saying so aloud.
 */
export function findServer(startProgram: FoundServer['start'] | null): FoundServer | null {
  const { EVENTSTORE_URL: url, EVENTSTORE_PIDFILE: pidFile, EVENTSTORE_START: command } = process.env;
  if (url) {
    const control = pidFile && command ? byPid(pidFile, command) : null;
    if (control === null) warn('killing and freezing it. Set EVENTSTORE_PIDFILE, and EVENTSTORE_START to a command');
    return { start: async () => ({ url, control, remove: async () => undefined }), isControlled: control !== null };
  }
  if (startProgram !== null) return { start: startProgram, isControlled: true };
  if (canRun()) return { start: startContainer, isControlled: true };
  warn(`all of it. Set EVENTSTORE_URL or EVENTSTORE_BIN, or start a Docker daemon that has or can pull ${IMAGE}`);
  return null;
}

/** Past Jest, which would hold it back: what did not run must be seen. */
function warn(what: string): void {
  process.stderr.write(`\n  NOT RUN on EventStoreDB: ${what}.\n  Nothing of that is counted as passed.\n\n`);
}

/** The daemon answers, and the image is there or comes within a minute. */
function canRun(): boolean {
  const docker = (args: string[], timeout: number): boolean => {
    try {
      execFileSync('docker', args, { stdio: 'ignore', timeout });
      return true;
    } catch {
      return false;
    }
  };
  if (!docker(['version'], 5_000)) return false;
  return docker(['image', 'inspect', IMAGE], 5_000) || docker(['pull', '-q', IMAGE], PULL_TIMEOUT_MS);
}

function byPid(pidFile: string, command: string): ServerControl {
  const signal = (name: NodeJS.Signals): void => void process.kill(Number(readFileSync(pidFile, 'utf8')), name);
  // The server takes every EVENTSTORE_… for a setting of its own, and does not start for one that it does not know.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EVENTSTORE_')));
  return {
    kill: () => signal('SIGKILL'),
    start: () => spawn('sh', ['-c', command], { stdio: 'ignore', detached: true, env }).unref(),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
  };
}

async function startContainer(): Promise<ServerUnderTest> {
  const port = await freePort();
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({
      EVENTSTORE_CLUSTER_SIZE: '1',
      EVENTSTORE_INSECURE: 'true',
      EVENTSTORE_RUN_PROJECTIONS: 'None',
      EVENTSTORE_TELEMETRY_OPTOUT: 'true',
    })
    // A fixed port: one that Docker gives changes when the container is started again.
    .withExposedPorts({ container: 2113, host: port })
    .withStartupTimeout(START_TIMEOUT_MS)
    .start();
  return {
    url: `esdb://${container.getHost()}:${port}?tls=false`,
    control: byContainer(container),
    remove: async () => void (await container.stop()),
  };
}

function byContainer(container: StartedTestContainer): ServerControl {
  const docker = (verb: string): void =>
    void execFileSync('docker', [verb, container.getId()], { stdio: 'ignore', timeout: 30_000 });
  return {
    kill: () => docker('kill'),
    start: () => docker('start'),
    freeze: () => docker('pause'),
    thaw: () => docker('unpause'),
  };
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
