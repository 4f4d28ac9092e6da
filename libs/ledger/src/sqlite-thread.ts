import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Unavailable } from '@audital/contracts';
import type { StreamAppend } from './ledger';
import { type AppendFailure, fromFailure, packAppends } from './sqlite-thread-messages';

/** Threads run what is built, also when this file is run from its source. */
const MAIN = join(__dirname, '..', 'dist', 'sqlite-thread-main.js');

interface Waiting {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Appends to a SQLite ledger in a thread of their own, in the order in which they were asked for. Its process dying, it dies too, in the
 * middle of a transaction or between two: the file is as after any other kill.
 */
export class SqliteThread {
  private worker: Worker | null = null;
  private readonly waiting: Waiting[] = [];

  constructor(
    private readonly path: string,
    private readonly writes: readonly string[],
  ) {}

  /** Resolves when all of them are durable. Throws Conflict, StreamDeleted, Unavailable, Corrupt. */
  append(appends: StreamAppend[]): Promise<void> {
    const worker = (this.worker ??= this.start());
    const packed = packAppends(appends);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      worker.postMessage(packed, [packed.bytes.buffer, packed.lengths.buffer]);
    });
  }

  /** What was asked for before is finished first. */
  async close(): Promise<void> {
    const worker = this.worker;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close');
    await ended;
  }

  private start(): Worker {
    const { path, writes } = this;
    const worker = new Worker(MAIN, { workerData: { path, writes } });
    worker.on('message', (failure: AppendFailure | null) => {
      const first = this.waiting.shift();
      if (failure === null) first?.resolve();
      else first?.reject(fromFailure(failure, path));
    });
    worker.on('error', (error) => this.lost(worker, error));
    worker.on('exit', () => this.lost(worker, new Error('The thread was ended.')));
    return worker;
  }

  /** Whether the appends in hand were stored is unknown; the next one starts another thread. */
  private lost(worker: Worker, cause: Error): void {
    if (this.worker !== worker) return;
    this.worker = null;
    const message = `The thread that writes ${this.path} ended (${cause.message}): the append is tried again.`;
    for (const { reject } of this.waiting.splice(0)) reject(new Unavailable('ledger', message, { cause }));
  }
}
