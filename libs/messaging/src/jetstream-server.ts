import { Rejected, type Reply, type StreamName, subjects, Unavailable } from '@audital/contracts';
import { BaseRpcContext, type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { AckPolicy, type ConsumerConfig, type ConsumerMessages, headers, type JsMsg, type Msg, nanos } from 'nats';
import { lastValueFrom, type Observable } from 'rxjs';
import { type Bus, decode, encode } from './bus';
import { headerText, settlementOf } from './settle';

/** The extras of an `@EventPattern`: which stream the subject is read from, and as whom. */
export interface ConsumerExtras {
  stream: StreamName;
  durable: string;
  /** Messages in hand at once. */
  concurrency: number;
  /** How long the broker waits before it gives a message to somebody else; a long handler is told of in between. */
  ackWaitMs: number;
}

export class JetStreamContext extends BaseRpcContext<[JsMsg]> {
  get subject(): string {
    return this.getArgByIndex(0).subject;
  }

  /** 1 at the first delivery. */
  get deliveries(): number {
    return this.getArgByIndex(0).info.redeliveryCount;
  }
}

export interface TransportLog {
  warn: (fields: Record<string, unknown>, message: string) => void;
  error: (fields: Record<string, unknown>, message: string) => void;
}

type Handle = (data: unknown, context: BaseRpcContext) => Promise<unknown>;
const DRAIN_LIMIT_MS = 8_000;
const POLL_EXPIRES_MS = 5_000;

/**
 * NestJS on JetStream: `@EventPattern(subject, extras)` is a durable pull consumer, `@MessagePattern(subject)` answers requests on core
 * NATS in a queue group. A message is acknowledged after its handler has resolved, so a crash in between delivers it again.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('JETSTREAM');
  private readonly loops: ConsumerMessages[] = [];
  private readonly inHand = new Set<Promise<void>>();
  private readonly stops: (() => void)[] = [];
  private closing = false;

  constructor(
    private readonly bus: Bus,
    private readonly o: { name: string; log: TransportLog; streams: StreamName[] },
  ) {
    super();
  }

  on(): void {}

  unwrap<T>(): T {
    return this.bus as T;
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    this.closing = true;
    for (const stop of this.stops) stop();
    await Promise.all(this.loops.map((messages) => messages.close()));
    const limit = new Promise((resolve) => setTimeout(resolve, DRAIN_LIMIT_MS).unref());
    await Promise.race([Promise.allSettled(this.inHand), limit]);
  }

  private async start(): Promise<void> {
    await this.bus.ensureStreams(this.o.streams);
    for (const [pattern, handler] of this.messageHandlers) {
      const handle: Handle = (data, context) => this.invoke(handler, data, context);
      if (handler.isEventHandler) await this.consume(pattern, handler.extras as ConsumerExtras, handle);
      else this.answer(pattern, handle);
    }
  }

  /** Nest turns a throw into an Observable that errors: it must be awaited as one, or the failure is lost. */
  private async invoke(handler: MessageHandler, data: unknown, context: BaseRpcContext): Promise<unknown> {
    const result = this.transformToObservable(await handler(data, context)) as Observable<unknown>;
    return lastValueFrom(result, { defaultValue: undefined });
  }

  private async consume(subject: string, extras: ConsumerExtras, handle: Handle): Promise<void> {
    const { stream, durable } = extras;
    await this.ensureConsumer(subject, extras);
    const consumer = await this.bus.connection.jetstream().consumers.get(stream, durable);
    const messages = await consumer.consume({
      max_messages: extras.concurrency,
      expires: POLL_EXPIRES_MS,
      idle_heartbeat: POLL_EXPIRES_MS / 2,
    });
    this.loops.push(messages);
    this.stops.push(this.bus.reconnected(() => void this.repair(subject, extras)));
    void this.watch(messages, () => this.repair(subject, extras));
    void this.take(messages, extras, handle);
  }

  private async take(messages: ConsumerMessages, extras: ConsumerExtras, handle: Handle): Promise<void> {
    for await (const message of messages) {
      if (this.closing) {
        message.nak();
        continue;
      }
      const handled = this.settle(message, extras, handle).finally(() => this.inHand.delete(handled));
      this.inHand.add(handled);
      // Back-pressure: what waits here is not asked for again, and ack_wait starts at delivery, so little may wait.
      if (this.inHand.size >= extras.concurrency) await Promise.race(this.inHand);
    }
  }

  private async settle(message: JsMsg, extras: ConsumerExtras, handle: Handle): Promise<void> {
    const heartbeat = setInterval(() => message.working(), extras.ackWaitMs / 3);
    try {
      await handle(parse(message), new JetStreamContext([message]));
      // Unconfirmed, the broker delivers it again, and the handler finds that it is done.
      await message.ackAck().catch(() => undefined);
    } catch (error) {
      await this.refuse(message, error);
    } finally {
      clearInterval(heartbeat);
    }
  }

  private async refuse(message: JsMsg, error: unknown): Promise<void> {
    const { subject } = message;
    const deliveries = message.info.redeliveryCount;
    const settlement = settlementOf(error, deliveries);
    const reason = error instanceof Error ? error.message : String(error);
    if (settlement.kind === 'later') {
      this.o.log.warn({ subject, deliveries, reason, delayMs: settlement.delayMs }, 'a message is tried again later');
      message.nak(settlement.delayMs);
      // The slot stays taken meanwhile: when everything fails for the same reason, the consumer pauses.
      await pause(Math.min(settlement.delayMs, 1_000), () => this.closing);
      return;
    }
    this.o.log.error({ subject, deliveries, reason }, 'a message is dead; dead.> keeps it');
    await this.bury(message, settlement.reason).then(
      () => message.term(),
      () => message.nak(5_000),
    );
  }

  private async bury(message: JsMsg, reason: string): Promise<void> {
    const { stream, streamSequence, redeliveryCount } = message.info;
    const all = headers();
    for (const name of message.headers?.keys() ?? [])
      if (!name.startsWith('Nats-')) all.set(name, message.headers?.get(name) ?? '');
    all.set('Audital-Reason', headerText(reason));
    all.set('Audital-Stream', stream);
    all.set('Audital-Sequence', String(streamSequence));
    all.set('Audital-Deliveries', String(redeliveryCount));
    const options = { msgID: `dead:${stream}:${streamSequence}`, headers: all, timeout: 5_000 };
    await this.bus.ensureStreams(['DEAD']);
    await this.bus.connection.jetstream().publish(subjects.dead(message.subject), message.data, options);
  }

  private async ensureConsumer(subject: string, extras: ConsumerExtras): Promise<void> {
    const { stream, durable, concurrency, ackWaitMs } = extras;
    await this.bus.ensureStreams([stream]);
    const config: Partial<ConsumerConfig> = {
      durable_name: durable,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      max_deliver: -1,
      max_ack_pending: concurrency * 2,
    };
    await this.bus.manager.consumers.info(stream, durable).catch(async (error: unknown) => {
      if ((error as { code?: string }).code !== '404')
        throw new Unavailable('nats', `${durable} cannot be read.`, { cause: error });
      await this.bus.manager.consumers.add(stream, config);
    });
  }

  /** The broker came back without the stream or the consumer: both are made again, and the pull loop finds them. */
  private async repair(subject: string, extras: ConsumerExtras): Promise<void> {
    if (this.closing) return;
    await this.ensureConsumer(subject, extras).catch((error: unknown) => {
      this.o.log.warn({ subject, reason: (error as Error).message }, 'a consumer is not back yet');
    });
  }

  private async watch(messages: ConsumerMessages, repair: () => Promise<void>): Promise<void> {
    for await (const { type } of await messages.status()) {
      if (['heartbeats_missed', 'consumer_not_found', 'stream_not_found', 'consumer_deleted'].includes(type))
        await repair();
    }
  }

  private answer(subject: string, handle: Handle): void {
    const callback = (error: Error | null, message: Msg): void => {
      if (error) return;
      const handled = this.reply(message, handle).finally(() => this.inHand.delete(handled));
      this.inHand.add(handled);
    };
    const subscription = this.bus.connection.subscribe(subject, { queue: this.o.name, callback });
    this.stops.push(() => subscription.unsubscribe());
  }

  private async reply(message: Msg, handle: Handle): Promise<void> {
    let reply: Reply<unknown>;
    try {
      reply = { ok: (await handle(parse(message), new BaseRpcContext([message]))) ?? null };
    } catch (error) {
      reply = refusal(error);
      if (!(error instanceof Rejected))
        this.o.log.error({ subject: message.subject, reason: (error as Error).message }, 'a request failed');
    }
    if (!this.bus.connection.isClosed()) message.respond(encode(reply));
  }
}

function refusal(error: unknown): Reply<never> {
  if (error instanceof Rejected)
    return { rejected: { code: error.code, message: error.message, problems: error.problems } };
  if (error instanceof Unavailable) return { unavailable: { dependency: error.dependency, message: error.message } };
  return {
    unavailable: {
      dependency: 'service',
      message: 'The service met an error that it does not know; its log says more.',
    },
  };
}

function parse(message: { data: Uint8Array }): unknown {
  try {
    return decode(message.data);
  } catch (error) {
    throw new Rejected('MESSAGE_NOT_JSON', `The message is not JSON in UTF-8 (${(error as Error).message}).`);
  }
}

async function pause(forMs: number, ended: () => boolean): Promise<void> {
  const end = Date.now() + forMs;
  while (Date.now() < end && !ended()) await new Promise((resolve) => setTimeout(resolve, Math.min(50, forMs)));
}
