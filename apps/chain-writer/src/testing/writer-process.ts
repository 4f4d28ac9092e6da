import { join } from 'node:path';
import { type OrganisationId, Unavailable } from '@audital/contracts';
import { appendInOrder, type Ledger, type StreamAppend } from '@audital/ledger';
import { openTestLedger } from '@audital/testing';
import { type CheckpointStore, openCheckpointStore } from '../adapters/checkpoint-store';
import { IdentityIndex } from '../adapters/identity-index';
import { organisationKeys } from '../adapters/keys';
import { Identity } from '../domain/identity';
import { KeyRotation } from '../key-rotation';
import { OrganisationWriter } from '../organisation-writer';
import type { WriterOutlets } from '../outlets';
import { Redactor } from '../redactor';

const WRITES = ['chain-', 'payload-', 'cursor-', 'checkpoint-', 'integration-', 'organisation-'];

/**
 * `dies` and `dies after it`: kill -9 of this very process, before or after the write is in the store.
 * `sleeps`: SIGSTOP of it before the write, or before the first behind it that finds none on its way, so that no file is locked meanwhile. It says
 * `asleep` on stdout first.
 */
export type Fault = 'fails' | 'fails but persisted' | 'dies' | 'dies after it' | 'sleeps';

export interface WriterProcessOptions {
  organisationId: OrganisationId;
  faultAt?: number;
  fault?: Fault;
  /** As a store that appends one stream at a time, with a write, and a place to die, between each and the next. */
  oneByOne?: boolean;
  /** False: the connection that appends is the test's to interfere with. */
  appendThread?: boolean;
  /** A write waits for it. */
  beforeWrite?: (write: number) => Promise<void>;
  now?: () => Date;
  /** 5 when absent. */
  checkpointDelayMs?: number;
  outlets?: Partial<WriterOutlets>;
}

/** One run of the writer's process: everything is opened anew on the same files. `fault` meets the nth write of ledger and store. */
export class WriterProcess {
  writes = 0;
  /** What was written, in order: names of streams, and `swap`; and `told` for a checkpoint that was published. */
  readonly order: string[] = [];
  stopped: Error | null = null;
  /** How often a checkpoint was told. */
  published = 0;
  private constructor(
    readonly ledger: Ledger,
    readonly checkpoints: CheckpointStore,
    readonly index: IdentityIndex,
    readonly writer: OrganisationWriter,
    readonly redactor: Redactor,
    readonly rotation: KeyRotation,
  ) {}

  static async start(folder: string, o: WriterProcessOptions): Promise<WriterProcess> {
    const ledger = await openTestLedger(folder, WRITES, o.appendThread);
    const checkpoints = openCheckpointStore(`sqlite:${join(folder, 'checkpoints.sqlite')}`);
    const index = new IdentityIndex(join(folder, 'index'));
    const holder: { process: WriterProcess | null } = { process: null };
    let writes = 0;
    let onTheirWay = 0;
    let hasSlept = false;
    const carryOut = <T>(write: () => Promise<T>): Promise<T> => {
      if (o.fault === 'sleeps' && writes >= (o.faultAt ?? 0) && onTheirWay === 0 && !hasSlept) {
        hasSlept = true;
        process.stdout.write('asleep\n');
        process.kill(process.pid, 'SIGSTOP');
      }
      onTheirWay += 1;
      return write().finally(() => (onTheirWay -= 1));
    };
    const meet = async <T>(what: string, write: () => Promise<T>): Promise<T> => {
      writes += 1;
      holder.process?.order.push(what);
      if (holder.process) holder.process.writes = writes;
      await o.beforeWrite?.(writes);
      // From the fault on nothing works any more: the process is as good as dead.
      if (o.faultAt === undefined || o.fault === 'sleeps' || writes < o.faultAt) return carryOut(write);
      if (o.fault === 'dies') process.kill(process.pid, 'SIGKILL');
      if (writes === o.faultAt && o.fault !== 'fails') await write();
      if (o.fault === 'dies after it') process.kill(process.pid, 'SIGKILL');
      throw new Unavailable('test', 'a planted fault');
    };
    const ports = {
      ledger: new Proxy(ledger, {
        get: (target, name) => {
          if (name === 'append')
            return (...args: Parameters<Ledger['append']>) => meet(args[0], () => ledger.append(...args));
          if (name === 'tombstone') return (stream: string) => meet(stream, () => ledger.tombstone(stream));
          if (name === 'appendTogether')
            return o.oneByOne
              ? undefined
              : (appends: StreamAppend[]) =>
                  meet(appends.map(({ stream }) => stream).join(), () => appendInOrder(ledger, appends));
          return bound(target, name);
        },
      }),
      checkpoints: new Proxy(checkpoints, {
        get: (target, name) =>
          name === 'swap'
            ? (...args: Parameters<CheckpointStore['swap']>) => meet('swap', () => checkpoints.swap(...args))
            : bound(target, name),
      }),
      index,
      rollbackPatienceMs: 0,
    };
    const outlets: WriterOutlets = {
      bury: o.outlets?.bury ?? (async () => undefined),
      checkpointPublished: (id, checkpoint) => {
        if (holder.process) holder.process.published += 1;
        holder.process?.order.push('told');
        o.outlets?.checkpointPublished?.(id, checkpoint);
      },
      onSealed: () => undefined,
      onDropped: () => undefined,
      onStopped: (_id, error) => {
        if (holder.process) holder.process.stopped = error;
      },
      onResumed: () => {
        if (holder.process) holder.process.stopped = null;
      },
    };
    const keys = organisationKeys(Buffer.alloc(32, 3), o.organisationId, 'audital.example');
    const writer = new OrganisationWriter(o.organisationId, keys, ports, {
      outlets,
      settings: { checkpointDelayMs: o.checkpointDelayMs ?? 5, now: o.now ?? (() => new Date()) },
    });
    const redactor = new Redactor(o.organisationId, {
      ...{ ledger: ports.ledger, index, writer, identity: new Identity(keys.idSecret) },
      copies: { erase: async () => [] },
      now: o.now ?? (() => new Date()),
      onTrouble: () => undefined,
    });
    const rotation = new KeyRotation(o.organisationId, writer, o.now ?? (() => new Date()));
    holder.process = new WriterProcess(ledger, checkpoints, index, writer, redactor, rotation);
    return holder.process;
  }

  async stop(): Promise<void> {
    await this.writer.close();
    await this.index.close();
    await this.checkpoints.close();
    await this.ledger.close();
  }
}

const bound = (target: object, name: string | symbol): unknown => {
  const value = (target as Record<string | symbol, unknown>)[name];
  return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
};
