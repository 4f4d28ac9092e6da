import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AuditEvent, RunInfo } from '@audital/contracts';
import { checkLedger, eventually } from '@audital/testing';
import { ledgerArgs, openSystemLedger } from './system-ledger';

export const root = resolve(__dirname, '..', '..');

export interface Answer<T> {
  status: number;
  body: T;
}

/** Audital as a person starts it: the built launcher, in a data folder of the test's own. */
export class System {
  output = '';
  readonly exit: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(
    readonly data: string,
    args: string[],
    env: Record<string, string> = {},
  ) {
    const script = join(root, 'apps/launcher/dist/main.js');
    this.child = spawn(process.execPath, [script, '--data', data, '--port', '0', ...ledgerArgs(data), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, INIT_CWD: root, ...env },
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exit = new Promise((settle) => this.child.once('close', (code) => settle(code)));
  }

  get run(): RunInfo {
    return JSON.parse(readFileSync(join(this.data, 'run.json'), 'utf8')) as RunInfo;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  async started(): Promise<this> {
    await eventually(() => this.output.includes('Audital runs after') && existsSync(join(this.data, 'run.json')), {
      deadlineMs: 60_000,
      what: `A start (${this.output})`,
    });
    return this;
  }

  async says(text: string | RegExp, deadlineMs = 60_000): Promise<void> {
    const found = (): boolean => (typeof text === 'string' ? this.output.includes(text) : text.test(this.output));
    await eventually(found, { deadlineMs, what: `${String(text)} in the output:\n${this.output}\n—` });
  }

  /** kill -9 of one process of the system, by its pid in run.json; one that is just being started again is waited for. */
  async kill(name: string): Promise<void> {
    const pid = await eventually(() => [this.run.pids[name]].find((one) => one !== undefined && isAlive(one)), {
      deadlineMs: 30_000,
      what: `A running ${name}`,
    });
    process.kill(pid, 'SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.exit;
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    o: { body?: unknown; raw?: string; key?: string | null; headers?: Record<string, string> } = {},
  ): Promise<Answer<T>> {
    const { gateway, apiKey } = this.run;
    const key = o.key === undefined ? apiKey : o.key;
    const headers: Record<string, string> = {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...o.headers,
    };
    const body = o.raw ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
    if (body !== undefined) headers['content-type'] = 'application/json';
    // A test that ran a command and waited for it has not heard yet which connections were closed meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    const response = await fetch(`${gateway}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, body: (isJson ? JSON.parse(text) : text) as T };
  }

  /** Every event that the filters let through, oldest first, page by page as a client would. */
  async events(filters: Record<string, string> = {}, limit = 5): Promise<AuditEvent[]> {
    const all: AuditEvent[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ ...filters, limit: String(limit) });
      if (cursor !== null) query.set('cursor', cursor);
      const { body }: Answer<{ data: AuditEvent[]; pagination: { nextCursor: string | null } }> = await this.call(
        'GET',
        `/v1/audit?${query.toString()}`,
      );
      all.push(...body.data);
      cursor = body.pagination.nextCursor;
    } while (cursor !== null);
    return all.reverse();
  }
}

/** The ledger of a data folder, verified from outside. */
export async function verifyFolder(
  data: string,
): Promise<{ events: number; organisations: number; checkpoints: number }> {
  const ledger = await openSystemLedger(data);
  try {
    return await checkLedger(ledger);
  } finally {
    await ledger.close();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
}
