import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** One process to keep alive. */
export interface ProcessSpec {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Its first line on stdout is `pid N`: the process behind a wrapper (see nats-process.ts). */
  announcesPid?: boolean;
}

interface Supervised {
  spec: ProcessSpec;
  child: ChildProcess;
  pid: number | null;
  /** Times of its deaths in the last minute. */
  deaths: number[];
  stopping: boolean;
  lastLines: string[];
}

export interface SupervisorOptions {
  logsFolder: string;
  say: (line: string) => void;
  /** A service came, or came back under another pid. */
  onPids: () => void;
  /** A service died five times in a minute: the launcher ends with its last error. */
  onGivenUp: (name: string, lastError: string) => void;
}

const RESTART_DELAYS_MS = [200, 1000, 5000];
const DEATHS_MAX = 5;
const DEATHS_WINDOW_MS = 60_000;
const LOG_BYTES_MAX = 20 * 1024 * 1024;
const STOP_LIMIT_MS = 12_000;

/**
 * Starts processes and restarts those that die. Each child has a pipe from us on its stdin and ends when that pipe does, so none
 * survives us, however we die. Children are in sessions of their own: a Ctrl-C reaches the launcher alone, which stops them in order.
 */
export class Supervisor {
  private readonly all = new Map<string, Supervised>();
  private readonly logs = new Map<string, WriteStream>();
  private ended = false;

  constructor(private readonly options: SupervisorOptions) {}

  start(spec: ProcessSpec): void {
    this.run(spec, []);
  }

  pids(): Record<string, number> {
    const running = [...this.all.values()].filter((one) => one.pid !== null);
    return Object.fromEntries(running.map((one) => [one.spec.name, one.pid as number]));
  }

  /** Asks these to drain, all at once, and waits; what has not ended after 12 s is killed, and it is said so. */
  async stop(names: string[]): Promise<void> {
    const those = names.flatMap((name) => this.all.get(name) ?? []);
    await Promise.all(those.map((one) => this.stopOne(one)));
  }

  /** The end for all, at once. */
  killAll(): void {
    this.ended = true;
    for (const one of this.all.values()) this.signal(one, 'SIGKILL');
  }

  private run(spec: ProcessSpec, deaths: number[]): void {
    const child = spawn(spec.command, spec.args, { env: spec.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const one: Supervised = { spec, child, pid: null, deaths, stopping: false, lastLines: [] };
    this.all.set(spec.name, one);
    if (!spec.announcesPid) this.setPid(one, child.pid ?? null);
    // A child that died before it read its stdin breaks the pipe; its death is handled below.
    child.stdin?.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => this.log(one, chunk.toString('utf8')));
    child.on('error', (error) => this.log(one, `${error.message}\n`));
    child.on('close', (code, signal) => this.closed(one, signal ?? `exit code ${code}`));
  }

  private setPid(one: Supervised, pid: number | null): void {
    one.pid = pid;
    this.options.onPids();
  }

  private log(one: Supervised, text: string): void {
    const announced = one.spec.announcesPid && one.pid === null ? /^pid (\d+)$/m.exec(text) : null;
    if (announced) this.setPid(one, Number(announced[1]));
    this.logFile(one.spec.name).write(text);
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    one.lastLines = [...one.lastLines, ...lines].slice(-30);
  }

  private logFile(name: string): WriteStream {
    const open = this.logs.get(name);
    if (open) return open;
    const path = join(this.options.logsFolder, `${name}.log`);
    if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
    const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
    this.logs.set(name, file);
    return file;
  }

  private closed(one: Supervised, how: string): void {
    one.pid = null;
    one.child.stdin?.destroy();
    if (one.stopping || this.ended) return;
    const now = Date.now();
    const deaths = [...one.deaths.filter((at) => now - at < DEATHS_WINDOW_MS), now];
    const { name } = one.spec;
    if (deaths.length >= DEATHS_MAX) {
      this.ended = true;
      this.options.onGivenUp(name, lastError(one.lastLines) ?? how);
      return;
    }
    const delayMs = RESTART_DELAYS_MS[Math.min(deaths.length, RESTART_DELAYS_MS.length) - 1] as number;
    this.options.say(`${name} died (${how}); it is started again in ${delayMs / 1000} s`);
    setTimeout(() => {
      if (!one.stopping && !this.ended) this.run(one.spec, deaths);
    }, delayMs);
  }

  private stopOne(one: Supervised): Promise<void> {
    one.stopping = true;
    if (one.child.exitCode !== null || one.child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.options.say(`${one.spec.name} did not stop in ${STOP_LIMIT_MS / 1000} s and was killed`);
        this.signal(one, 'SIGKILL');
      }, STOP_LIMIT_MS);
      one.child.once('close', () => {
        clearTimeout(limit);
        resolve();
      });
      this.signal(one, 'SIGTERM');
    });
  }

  private signal(one: Supervised, signal: NodeJS.Signals): void {
    try {
      if (one.pid !== null) process.kill(one.pid, signal);
      else one.child.kill(signal);
    } catch {
      // It ended in between, which is what was wanted.
    }
  }
}

/** The message of the last line that is an error: a service's log line (JSON, level 50 or more), else the last line that is no JSON. */
export function lastError(lines: string[]): string | null {
  for (const line of lines.toReversed()) {
    const parsed = parseLogLine(line);
    if (parsed === null) return line.trim();
    if (parsed.level >= 50) return parsed.detail ? `${parsed.msg} ${parsed.detail}` : parsed.msg;
  }
  return null;
}

function parseLogLine(line: string): { level: number; msg: string; detail: string | null } | null {
  try {
    const { level, msg, err } = JSON.parse(line) as { level: number; msg: string; err?: { message?: string } };
    return { level, msg, detail: err?.message ?? null };
  } catch {
    return null;
  }
}
