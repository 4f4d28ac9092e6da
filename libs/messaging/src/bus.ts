import { setTimeout as delay } from 'node:timers/promises';
import { Rejected, type Reply, type StreamName, Unavailable } from '@audital/contracts';
import {
  Events,
  headers,
  type JetStreamClient,
  type JetStreamManager,
  type JetStreamPublishOptions,
  type Msg,
  type NatsConnection,
} from 'nats';
import { decode, encode } from './body';
import { brokerError, isNotFound, isOccupied, nobodyListens } from './broker-errors';
import { type HandleBody, type ReadOptions, StreamReader } from './stream-reader';
import { type ScannedMessage, type ScanOptions, scanStream } from './stream-scan';
import { ensureStream, streamConfigs, streamOf, type StreamSettings } from './streams';
import { inboxPrefix } from './users';

export type PublishOutcome = 'stored' | 'duplicate' | 'occupied';

export interface PublishOptions {
  /** Made from the fact: within two minutes the broker stores it once. */
  messageId: string;
  headers?: Record<string, string>;
}

export interface LastMessage {
  seq: number;
  body: unknown;
  headers: Record<string, string>;
  time: string;
}

export interface BusLog {
  warn: (fields: Record<string, unknown>, message: string) => void;
  error: (fields: Record<string, unknown>, message: string) => void;
}

const ANSWER_LIMIT_MS = 5_000;
const DRAIN_LIMIT_MS = 2_000;

/** The one connection of a service. Everything on it is JSON. */
export class Bus {
  readonly user: string;
  readonly log: BusLog;
  readonly inboxPrefix: string;
  private readonly jetstream: JetStreamClient;
  private readonly configs: ReturnType<typeof streamConfigs>;
  private readonly onReconnect = new Set<() => void>();
  private isUp = true;
  private back = Promise.withResolvers<void>();
  private closing = false;

  constructor(
    readonly connection: NatsConnection,
    readonly manager: JetStreamManager,
    o: { user: string; log: BusLog; streams: StreamSettings },
  ) {
    this.user = o.user;
    this.log = o.log;
    this.inboxPrefix = o.user === '' ? '_INBOX' : inboxPrefix(o.user);
    this.configs = streamConfigs(o.streams);
    this.jetstream = connection.jetstream();
    this.back.resolve();
    void this.watch();
    // It reconnects for ever, so this is a bug or a broken server: unhandled, it ends the process, which is started again.
    void connection.closed().then((error) => {
      if (!this.closing) throw new Error('The connection to NATS was closed for ever.', { cause: error });
    });
  }

  /**
   * JetStream: resolves when the server has stored it (and synced it, from 2.10 on). `occupied`: the one message that the subject may hold
   * waits still. Throws Unavailable; whether it was stored is then unknown, and the way out is the same message id again.
   */
  publish(subject: string, body: unknown, o: PublishOptions): Promise<PublishOutcome> {
    return this.publishBytes(subject, encode(body), o);
  }

  /** The same for bytes that may be no JSON. */
  async publishBytes(subject: string, bytes: Uint8Array, o: PublishOptions): Promise<PublishOutcome> {
    const all = headers();
    for (const [name, value] of Object.entries(o.headers ?? {})) all.set(name, value);
    const timeout = await this.timeLeft(ANSWER_LIMIT_MS);
    const options = { msgID: o.messageId, headers: all, timeout };
    try {
      return await this.publishOnce(subject, bytes, options);
    } catch (error) {
      const stream = nobodyListens(error) ? streamOf(subject) : null;
      if (stream === null) throw brokerError(error, subject);
      // The broker came back without its store: the stream is made again.
      await this.ensureStreams([stream]);
      return await this.publishOnce(subject, bytes, options).catch((again: unknown) => {
        throw brokerError(again, subject);
      });
    }
  }

  /** Core NATS: whoever listens hears it, losing it is harmless. */
  hint(subject: string, body: unknown): void {
    try {
      this.connection.publish(subject, encode(body));
    } catch {
      // The connection is closed, and with it everything that would follow from the hint.
    }
  }

  /** Core NATS. Answers the way to stop. */
  listen(subject: string, handle: (body: unknown, subject: string) => void): () => void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error) return this.log.error({ subject, reason: error.message }, 'a subject cannot be heard');
      let body: unknown;
      try {
        body = decode(message.data);
      } catch {
        return this.log.error({ subject: message.subject }, 'a message is not JSON and is passed over');
      }
      handle(body, message.subject);
    };
    const subscription = this.connection.subscribe(subject, { callback });
    return () => subscription.unsubscribe();
  }

  /** Request and answer. Throws Rejected and Unavailable as the other side did; no answer in time is Unavailable. */
  async ask<T>(subject: string, body: unknown, o: { timeoutMs?: number } = {}): Promise<T> {
    const timeout = await this.timeLeft(o.timeoutMs ?? ANSWER_LIMIT_MS);
    try {
      const { data } = await this.connection.request(subject, encode(body), { timeout });
      return valueOf(decode(data) as Reply<T>, subject);
    } catch (error) {
      throw brokerError(error, subject);
    }
  }

  /** The newest message of a stream on these subjects, or null. */
  async lastMessage(stream: StreamName, subject: string): Promise<LastMessage | null> {
    try {
      const { seq, data, header, timestamp } = await this.manager.streams.getMessage(stream, { last_by_subj: subject });
      const named = (header?.keys() ?? []).map((name) => [name, header?.get(name) ?? '']);
      return { seq, body: decode(data), headers: Object.fromEntries(named) as Record<string, string>, time: timestamp };
    } catch (error) {
      if (isNotFound(error)) return null;
      throw brokerError(error, `${stream} ${subject}`);
    }
  }

  /**
   * Everything that a stream still holds on these subjects, oldest first, then what comes, until the signal. A broker that is away is
   * waited for; one that came back empty is read from its new start. Rejects when `handle` throws.
   */
  readStream(stream: StreamName, o: ReadOptions, handle: HandleBody): Promise<void> {
    return new StreamReader(this, stream, o, handle).run();
  }

  /** What a stream holds now, once, from the oldest on. */
  scan(stream: StreamName, o: ScanOptions): AsyncGenerator<ScannedMessage> {
    return scanStream(this, stream, o);
  }

  /** Overwrites one message with random bytes, then deletes it. A message that is gone already is no error. */
  async erase(stream: StreamName, seq: number): Promise<void> {
    await this.manager.streams.deleteMessage(stream, seq, true).catch((error: unknown) => {
      if (!isNotFound(error)) throw brokerError(error, `${stream} ${seq}`);
    });
  }

  /** Makes what is missing, and brings the rest to what the table says. Throws Unavailable. */
  async ensureStreams(names: readonly StreamName[]): Promise<void> {
    for (const name of names) {
      await ensureStream(this.manager, this.configs[name]).catch((error: unknown) => {
        throw brokerError(error, `stream ${name}`);
      });
    }
  }

  /** Called after every reconnection: the broker may have come back without its streams. Answers the way to stop. */
  reconnected(handle: () => void): () => void {
    this.onReconnect.add(handle);
    return () => this.onReconnect.delete(handle);
  }

  connected(): boolean {
    return this.isUp && !this.connection.isClosed();
  }

  /** Resolves at once, or when the connection is back. */
  whenConnected(): Promise<void> {
    return this.back.promise;
  }

  /** Sends what is still to be sent, and closes. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.connection.isClosed()) return;
    const drained = this.isUp ? this.connection.drain().catch(() => undefined) : Promise.resolve();
    await Promise.race([drained, delay(DRAIN_LIMIT_MS, undefined, { ref: false })]);
    await this.connection.close();
  }

  /** Nothing is sent into a broken connection: it would be unknown whether it arrived. */
  private async timeLeft(limitMs: number): Promise<number> {
    if (this.connected()) return limitMs;
    const end = Date.now() + limitMs;
    if (!this.connection.isClosed())
      await Promise.race([this.whenConnected(), delay(limitMs, undefined, { ref: false })]);
    if (!this.connected()) throw new Unavailable('nats', 'NATS is away; the connection is tried again all the time.');
    return Math.max(end - Date.now(), 1);
  }

  private async watch(): Promise<void> {
    for await (const { type, data } of this.connection.status()) {
      if (type === Events.Disconnect && this.isUp) {
        this.isUp = false;
        this.back = Promise.withResolvers();
      }
      if (type === Events.Error) this.log.error({ reason: String(data) }, 'NATS reports an error');
      if (type !== Events.Reconnect) continue;
      this.isUp = true;
      this.back.resolve();
      for (const handle of this.onReconnect) handle();
    }
  }

  private async publishOnce(
    subject: string,
    bytes: Uint8Array,
    options: Partial<JetStreamPublishOptions>,
  ): Promise<PublishOutcome> {
    try {
      const { duplicate } = await this.jetstream.publish(subject, bytes, options);
      return duplicate ? 'duplicate' : 'stored';
    } catch (error) {
      if (isOccupied(error)) return 'occupied';
      throw error;
    }
  }
}

function valueOf<T>(reply: Reply<T> | null, subject: string): T {
  if (reply !== null && typeof reply === 'object') {
    if ('ok' in reply) return reply.ok;
    if ('rejected' in reply) throw new Rejected(reply.rejected.code, reply.rejected.message, reply.rejected.problems);
    if ('unavailable' in reply) throw new Unavailable(reply.unavailable.dependency, reply.unavailable.message);
  }
  throw new Unavailable(subject, `${subject} was answered by something that is no reply.`);
}
