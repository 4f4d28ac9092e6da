import { Rejected, type Reply, STREAMS, type StreamName, Unavailable } from '@audital/contracts';
import {
  connect,
  type ConnectionOptions,
  ErrorCode,
  Events,
  headers,
  type JetStreamClient,
  type JetStreamManager,
  type Msg,
  NatsError,
  type NatsConnection,
} from 'nats';
import { ensureStream, STREAM_CONFIGS } from './streams';
import { inboxPrefix } from './users';

export type PublishOutcome = 'stored' | 'duplicate' | 'occupied';

export interface LastMessage {
  seq: number;
  body: unknown;
  headers: Record<string, string>;
  time: string;
}

export interface BusOptions {
  /** nats://host:port */
  url: string;
  user: string;
  password: string;
  /** Shown by the server. */
  name: string;
}

const CONNECT_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 5_000;
const SUBJECT_OCCUPIED = 10077;

/** Waits for the first connection for up to 30 s, then throws Unavailable; from then on reconnects for ever. */
export async function connectBus(o: BusOptions): Promise<Bus> {
  const prefix = inboxPrefix(o.user);
  const credentials = o.user === '' ? {} : { user: o.user, pass: o.password, inboxPrefix: prefix };
  const options: ConnectionOptions = {
    servers: o.url,
    name: o.name,
    ...credentials,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    pingInterval: 10_000,
  };
  const end = Date.now() + CONNECT_LIMIT_MS;
  for (;;) {
    try {
      const connection = await connect({ ...options, timeout: 2_000 });
      return new Bus(connection, await connection.jetstreamManager({ checkAPI: false }));
    } catch (error) {
      const refused =
        error instanceof NatsError &&
        [ErrorCode.AuthorizationViolation, ErrorCode.AuthenticationExpired].includes(error.code as ErrorCode);
      if (refused)
        throw new Rejected(
          'NATS_REFUSED',
          `${o.url} refused the user ${o.user}: NATS_USER and NATS_PASSWORD must be those of the server's configuration.`,
        );
      if (Date.now() > end)
        throw new Unavailable('nats', `No nats-server answered at ${o.url} within 30 s.`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The one connection of a service. Everything on it is JSON. */
export class Bus {
  private readonly jetstream: JetStreamClient;
  private readonly onReconnect = new Set<() => void>();

  constructor(
    readonly connection: NatsConnection,
    readonly manager: JetStreamManager,
  ) {
    this.jetstream = connection.jetstream();
    void this.watch();
  }

  /** JetStream: resolves when the server has stored it (synced, from 2.10 on). `occupied`: the subject's one message waits still. */
  async publish(
    subject: string,
    body: unknown,
    o: { messageId: string; headers?: Record<string, string> },
  ): Promise<PublishOutcome> {
    const all = headers();
    for (const [name, value] of Object.entries(o.headers ?? {})) all.set(name, value);
    const options = { msgID: o.messageId, headers: all, timeout: ANSWER_LIMIT_MS };
    try {
      return await this.publishOnce(subject, body, options);
    } catch (error) {
      // 503: nothing listens on the subject, so its stream is not there (yet, or any more).
      if (!(error instanceof NatsError) || error.code !== ErrorCode.NoResponders) throw unavailable(error, subject);
      await this.ensureStreamOf(subject);
      return await this.publishOnce(subject, body, options).catch((again: unknown) => {
        throw unavailable(again, subject);
      });
    }
  }

  /** Core NATS: whoever listens hears it, losing it is harmless. */
  hint(subject: string, body: unknown): void {
    if (!this.connection.isClosed()) this.connection.publish(subject, encode(body));
  }

  /** Core NATS. Answers the way to stop. */
  listen(subject: string, handle: (body: unknown, subject: string) => void): () => void {
    const callback = (error: NatsError | null, message: Msg): void => {
      if (!error) handle(decode(message.data), message.subject);
    };
    const subscription = this.connection.subscribe(subject, { callback });
    return () => subscription.unsubscribe();
  }

  /** Request and answer. Throws Rejected and Unavailable as the other side did; no answer in time is Unavailable. */
  async ask<T>(subject: string, body: unknown, o: { timeoutMs?: number } = {}): Promise<T> {
    const answer = await this.connection
      .request(subject, encode(body), { timeout: o.timeoutMs ?? ANSWER_LIMIT_MS })
      .catch((error: unknown) => {
        throw unavailable(error, subject);
      });
    const reply = decode(answer.data) as Reply<T>;
    if ('ok' in reply) return reply.ok;
    if ('rejected' in reply) throw new Rejected(reply.rejected.code, reply.rejected.message, reply.rejected.problems);
    throw new Unavailable(reply.unavailable.dependency, reply.unavailable.message);
  }

  /** The newest message of a stream on these subjects, or null. */
  async lastMessage(stream: StreamName, subject: string): Promise<LastMessage | null> {
    try {
      const { seq, data, header, timestamp } = await this.manager.streams.getMessage(stream, { last_by_subj: subject });
      const names = header ? [...header.keys()] : [];
      return {
        seq,
        body: decode(data),
        headers: Object.fromEntries(names.map((name) => [name, header.get(name)])),
        time: timestamp,
      };
    } catch (error) {
      if ((error as NatsError).code === '404') return null;
      throw unavailable(error, subject);
    }
  }

  /** Everything a stream still holds on these subjects, oldest first, then what comes; over restarts of the broker. */
  async readStream(
    stream: StreamName,
    o: { subject: string; signal: AbortSignal; onCaughtUp?: () => void },
    handle: (body: unknown, subject: string) => void,
  ): Promise<void> {
    let caughtUp = false;
    while (!o.signal.aborted) {
      try {
        await this.ensureStreams([stream]);
        const consumer = await this.jetstream.consumers.get(stream, { filterSubjects: o.subject });
        const messages = await consumer.consume();
        const stop = (): void => messages.stop();
        o.signal.addEventListener('abort', stop, { once: true });
        if (!caughtUp && (await consumer.info(true).catch(() => null))?.num_pending === 0) {
          caughtUp = true;
          o.onCaughtUp?.();
        }
        for await (const message of messages) {
          handle(decode(message.data), message.subject);
          if (!caughtUp && message.info.pending === 0) {
            caughtUp = true;
            o.onCaughtUp?.();
          }
        }
        o.signal.removeEventListener('abort', stop);
      } catch {
        // The broker is away, or came back empty: the stream is made again, and read from its start.
      }
      if (!o.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Makes what is missing. Throws Unavailable. */
  async ensureStreams(names: StreamName[]): Promise<void> {
    try {
      for (const name of names) await ensureStream(this.manager, name);
    } catch (error) {
      throw unavailable(error, names.join(', '));
    }
  }

  /** Called after every reconnection: the broker may have come back without its streams. */
  reconnected(handle: () => void): () => void {
    this.onReconnect.add(handle);
    return () => this.onReconnect.delete(handle);
  }

  connected(): boolean {
    return !this.connection.isClosed() && this.isUp;
  }

  async close(): Promise<void> {
    if (!this.connection.isClosed()) await this.connection.drain().catch(() => this.connection.close());
  }

  private isUp = true;

  private async watch(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === Events.Disconnect) this.isUp = false;
      if (type === Events.Reconnect) {
        this.isUp = true;
        for (const handle of this.onReconnect) handle();
      }
    }
  }

  private async publishOnce(
    subject: string,
    body: unknown,
    options: { msgID: string; timeout: number },
  ): Promise<PublishOutcome> {
    try {
      const ack = await this.jetstream.publish(subject, encode(body), options);
      return ack.duplicate ? 'duplicate' : 'stored';
    } catch (error) {
      if ((error as NatsError).api_error?.err_code === SUBJECT_OCCUPIED) return 'occupied';
      throw error;
    }
  }

  private async ensureStreamOf(subject: string): Promise<void> {
    const owner = Object.values(STREAMS).find((name) =>
      STREAM_CONFIGS[name].subjects.some((pattern) => subject.startsWith(pattern.slice(0, -1))),
    );
    if (owner) await this.ensureStreams([owner]);
  }
}

export const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body ?? null));

export function decode(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? null : (JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown);
}

function unavailable(error: unknown, what: string): Unavailable {
  if (error instanceof Unavailable) return error;
  const { code, message } = error as NatsError;
  const why =
    code === ErrorCode.NoResponders
      ? 'nobody answers there'
      : code === ErrorCode.Timeout
        ? 'no answer in time'
        : message;
  return new Unavailable('nats', `${what}: ${why}.`, { cause: error });
}
