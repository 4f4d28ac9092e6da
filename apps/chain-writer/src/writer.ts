import { setTimeout as delay } from 'node:timers/promises';
import {
  type AppendReply,
  type AppendRequest,
  type ChainStoppedNotice,
  isId,
  ledgerStreams,
  type OrganisationId,
  partitionOf,
  type ReadoptReply,
  type ReadoptRequest,
  type RedactReply,
  type RedactRequest,
  Rejected,
  type RotateKeyReply,
  type RotateKeyRequest,
  type SealRequest,
  subjects,
} from '@audital/contracts';
import { whenThere } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { Health, Logger } from '@audital/service';
import { Counter, Gauge, Histogram } from 'prom-client';
import { BrokerCopies } from './adapters/broker-copies';
import { organisationKeys, sha256 } from './adapters/keys';
import { operatorOnlyProblem } from './domain/draft';
import { Identity } from './domain/identity';
import { KeyRotation } from './key-rotation';
import { ChainStopped, type WriterPorts } from './load-chain';
import { OrganisationWriter } from './organisation-writer';
import type { WriterOutlets } from './outlets';
import { Redactor } from './redactor';
import { Relay } from './relay';
import { Retention } from './retention';

export interface WriterOptions extends WriterPorts {
  bus: Bus;
  log: Logger;
  health: Health;
  masterSecret: Uint8Array;
  logOrigin: string;
  partition: number;
  partitions: number;
  checkpointDelayMs: number;
  auditRetentionMs: number;
  now: () => Date;
}

const TICK_MS = 10_000;
const OPEN_ALONE_MS = 500;

interface Chain {
  writer: OrganisationWriter;
  relay: Relay;
  redactor: Redactor;
  retention: Retention;
  rotation: KeyRotation;
}

/** All chains of one partition. Organisations are loaded when they are first written to, and at the start to finish what a crash left. */
export class Writer {
  private readonly chains = new Map<OrganisationId, Chain>();
  private readonly ended = new AbortController();
  private readonly outlets: WriterOutlets;
  private following: Promise<void> | null = null;
  private ticking: NodeJS.Timeout | null = null;

  constructor(private readonly o: WriterOptions) {
    this.outlets = this.makeOutlets();
    o.bus.reconnected(() => {
      for (const { relay } of this.chains.values()) relay.lookAgain();
    });
  }

  /** Follows the organisations: each chain is opened, which signs and tells what the last run did not. */
  start(): void {
    const target = { category: 'organisation-', afterPosition: null };
    const met = new Set<string>();
    this.following = this.o.ledger.follow(
      target,
      async ({ stream }) => {
        const id = stream.slice('organisation-'.length) as OrganisationId;
        if (met.has(id) || !this.isOurs(id)) return;
        met.add(id);
        // One after the other, so that a start with many chains is no storm; one that takes long (DESIGN §8.7: up to 60 s) holds up no other.
        await Promise.race([this.open(id), delay(OPEN_ALONE_MS, undefined, { ref: false })]);
      },
      { signal: this.ended.signal },
    );
    this.ticking = setInterval(() => {
      for (const [id, { writer, retention }] of this.chains) {
        writer.tick();
        if (writer.stopReason) this.tellStopped(id, writer.stopReason);
        else void retention.tick();
      }
    }, TICK_MS).unref();
    this.following.catch((error: unknown) => this.endProcess(error));
  }

  private endProcess(error: unknown): never {
    this.o.log.fatal({ err: error }, 'the organisations cannot be followed');
    process.exit(1);
  }

  async seal(request: SealRequest): Promise<void> {
    this.check(request);
    if (!Array.isArray(request.observations))
      throw new Rejected('SEAL_REQUEST_INVALID', 'A SealRequest has a list of observations.');
    const problem = operatorOnlyProblem(request.observations);
    if (problem !== null) throw new Rejected('SEAL_REQUEST_INVALID', problem);
    await this.chain(request.organisationId).writer.seal(request);
  }

  redact(request: RedactRequest): Promise<RedactReply> {
    this.check(request);
    return this.chain(request.organisationId).redactor.redact(request);
  }

  rotateKey(request: RotateKeyRequest): Promise<RotateKeyReply> {
    this.check(request);
    return this.chain(request.organisationId).rotation.rotate(request);
  }

  append(request: AppendRequest): Promise<AppendReply> {
    this.check(request);
    return this.chain(request.organisationId).writer.append(request);
  }

  /** The operator's way out of LOST_MEMORY. */
  async readopt(request: ReadoptRequest): Promise<ReadoptReply> {
    this.check(request);
    const { writer } = this.chain(request.organisationId);
    await writer.open();
    return writer.readopt(request);
  }

  async close(): Promise<void> {
    this.ended.abort();
    clearInterval(this.ticking ?? undefined);
    await this.following?.catch(() => undefined);
    await Promise.all([...this.chains.values()].map(({ redactor }) => redactor.idle()));
    await Promise.all([...this.chains.values()].map(({ writer }) => writer.close()));
    for (const { relay } of this.chains.values()) relay.close();
  }

  /** DESIGN §8.8: who hears it stops asking for polls. Told at every tick, so that nobody has to remember it. */
  private tellStopped(organisationId: OrganisationId, error: Error): void {
    const reason = error instanceof ChainStopped ? error.reason : 'CORRUPT';
    this.o.bus.hint(subjects.chainStopped(), { v: 1, organisationId, reason } satisfies ChainStoppedNotice);
  }

  private check(request: { v: number; organisationId: string } | null): void {
    if (request?.v !== 1) throw new Rejected('SEAL_REQUEST_INVALID', 'The message has another version than 1.');
    if (!isId('org', request.organisationId))
      throw new Rejected('SEAL_REQUEST_INVALID', 'organisationId is not org_ and 26 characters.');
    if (!this.isOurs(request.organisationId as OrganisationId))
      throw new Rejected('WRONG_PARTITION', 'The organisation belongs to another partition.');
  }

  private isOurs(id: OrganisationId): boolean {
    return partitionOf(sha256(new TextEncoder().encode(id)), this.o.partitions) === this.o.partition;
  }

  /** What a crash left half done is done now, or when the ledger is there: the note, the checkpoint, then redactions. */
  private async open(id: OrganisationId): Promise<void> {
    const work = async (): Promise<void> => {
      if ((await this.o.ledger.lastRevision(ledgerStreams.chain(id))) < 0) return;
      const { writer, retention } = this.chain(id);
      await writer.open();
      void retention.tick();
    };
    const onAway = (reason: string, delayMs: number): void =>
      this.o.log.warn({ organisationId: id, reason, delayMs }, 'a chain is opened later');
    await whenThere(work, { signal: this.ended.signal, onAway }).catch((error: unknown) => this.endProcess(error));
  }

  private chain(id: OrganisationId): Chain {
    const open = this.chains.get(id);
    if (open) return open;
    const { ledger, bus, log, now, checkpointDelayMs, auditRetentionMs } = this.o;
    const keys = organisationKeys(this.o.masterSecret, id, this.o.logOrigin);
    const settings = { checkpointDelayMs, now };
    const writer = new OrganisationWriter(id, keys, this.o, { outlets: this.outlets, settings });
    const keyIdOf = ({ size }: { size: number }): string => writer.signing.keyIdAt(size);
    const redactedBy = (position: number): Promise<string | null> => redactor.redactedBy(position);
    const relay = new Relay(id, { ledger, bus, log, keyIdOf, auditRetentionMs, now, redactedBy });
    const rotation = new KeyRotation(id, writer, now);
    const redactor = new Redactor(id, {
      ...{ ledger, now, writer, index: this.o.index, identity: new Identity(keys.idSecret) },
      copies: new BrokerCopies(id, bus, auditRetentionMs, now),
      onTrouble: (reason) => log.warn({ organisationId: id, reason }, 'a redaction is finished later'),
    });
    const retention = new Retention(id, { ledger, redactor, now });
    const chain = { relay, writer, redactor, retention, rotation };
    this.chains.set(id, chain);
    return chain;
  }

  private makeOutlets(): WriterOutlets {
    const { bus, log, health } = this.o;
    const registers = [health.metrics];
    const sealed = new Counter({ name: 'audital_sealed_events_total', help: 'Events sealed.', registers });
    const dropped = new Counter({
      name: 'audital_dropped_parts_total',
      help: 'Parts whose fence did not match.',
      registers,
    });
    const stopped = new Gauge({
      name: 'audital_stopped_organisations',
      help: 'Organisations whose chain is stopped: page somebody.',
      registers,
    });
    const seconds = new Histogram({ name: 'audital_ledger_append_seconds', help: 'Time to seal a batch.', registers });
    const requests = new Histogram({
      name: 'audital_batch_requests',
      help: 'Requests in a batch.',
      buckets: [1, 4, 16, 64, 256],
      registers,
    });
    return {
      bury: async (organisationId, observation, reason) => {
        // What was redacted since must not come back with a message that comes again.
        if (await this.chains.get(organisationId)?.redactor.isErased(observation.fact)) return;
        const id = `dead:refused:${organisationId}:${observation.fact}`;
        await bus.publish(subjects.dead(`observation.${organisationId}`), observation, {
          messageId: id,
          headers: { 'Audital-Reason': reason.replaceAll(/\s+/g, ' ').slice(0, 500) },
        });
      },
      checkpointPublished: (organisationId, checkpoint) => this.chains.get(organisationId)?.relay.follow(checkpoint),
      onSealed: (records, batchSize, took) => {
        sealed.inc(records);
        requests.observe(batchSize);
        seconds.observe(took);
      },
      onDropped: (organisationId, reason) => {
        dropped.inc();
        log.info({ organisationId, reason }, 'a part was dropped: the next poll sees its facts again');
      },
      onStopped: (organisationId, error) => {
        stopped.inc();
        this.tellStopped(organisationId, error);
        log.error({ organisationId, reason: error.message }, 'the chain of an organisation is stopped');
      },
      onResumed: (organisationId) => {
        stopped.dec();
        log.warn({ organisationId }, 'the checkpoint store was readopted: the chain goes on');
      },
    };
  }
}
