import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, Health, loadConfig, type RunningService } from '@audital/service';
import type { TestNats } from '@audital/testing';
import { start } from '../app.module';
import { ChainWriterConfig } from '../config';

/** What the chain-writer is told: a real broker, and everything else in one folder. */
export function environmentOf(folder: string, nats: TestNats, over: Record<string, string> = {}) {
  const secret = join(folder, 'master-secret');
  writeFileSync(secret, 'a secret of thirty-two bytes, or more', { mode: 0o600 });
  return {
    NATS_URL: nats.url,
    NATS_USER: 'chain-writer',
    NATS_PASSWORD: nats.passwords['chain-writer'] as string,
    LEDGER_URL: `sqlite:${join(folder, 'ledger.sqlite')}`,
    CHECKPOINT_STORE_URL: `sqlite:${join(folder, 'checkpoints.sqlite')}`,
    INDEX_DIR: join(folder, 'index'),
    MASTER_SECRET_FILE: secret,
    CHECKPOINT_DELAY_MS: '20',
    LOG_LEVEL: 'error',
    ...over,
  };
}

/** The service as its main.ts starts it, in this process. */
export function startHere(environment: Record<string, string>): Promise<RunningService> {
  const config = loadConfig(ChainWriterConfig, environment);
  return start({ config, log: createLogger('chain-writer', config.LOG_LEVEL), health: new Health() });
}

/** The built service in a process of its own, to be killed. `script` is another main of the same service. */
export class ServiceProcess {
  private constructor(private readonly child: ChildProcess) {}

  static start(environment: Record<string, string>, script = 'main.js'): ServiceProcess {
    const path = join(__dirname, '..', '..', 'dist', script);
    const args = ['--disable-warning=ExperimentalWarning', path];
    const env = { PATH: process.env['PATH'], ...environment };
    return new ServiceProcess(spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] }));
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** The signal that it ended by, or null. */
  async ended(): Promise<NodeJS.Signals | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.signalCode;
  }

  /** kill -9: nothing of it is left but what is on the disk and at the broker. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }
}
