import type { StreamName } from '@audital/contracts';
import { type BaseRpcContext, type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { lastValueFrom, type Observable } from 'rxjs';
import type { Bus } from './bus';
import type { ConsumerExtras, Handle, TransportLog } from './context';
import { Responder } from './responder';
import { streamsOf } from './users';
import { RETRY_DELAYS, type RetryDelays } from './verdict';
import { WorkConsumer } from './work-consumer';

export interface JetStreamServerOptions {
  /** The service: its replicas share the requests that come in. */
  name: string;
  log: TransportLog;
  /** Streams that have to be there at the start. Default: those that the bus's user may make. */
  streams?: StreamName[];
  retry?: RetryDelays;
  /** How long `close` waits for what is in hand. */
  drainLimitMs?: number;
}

const DRAIN_LIMIT_MS = 8_000;

/**
 * NestJS on JetStream: `@EventPattern(subject, extras)` is a durable pull consumer, `@MessagePattern(subject)` answers requests on core
 * NATS in a queue group. A message is acknowledged after its handler has resolved, so a crash in between delivers it again.
 */
export class JetStreamServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('JETSTREAM');
  private readonly consumers: WorkConsumer[] = [];
  private readonly responders: Responder[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly o: JetStreamServerOptions,
  ) {
    super();
  }

  /** Nest asks for it; there are no events of the driver that anybody needs. */
  on(): void {}

  unwrap<T>(): T {
    return this.bus as T;
  }

  listen(callback: (error?: unknown) => void): void {
    this.start().then(() => callback(), callback);
  }

  /** Takes in no more, gives back what was not begun, and waits for what is in hand. The rest is delivered again after its ack_wait. */
  async close(): Promise<void> {
    const parts = [...this.consumers, ...this.responders];
    await Promise.all(parts.map((part) => part.stop()));
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, this.o.drainLimitMs ?? DRAIN_LIMIT_MS);
    await Promise.race([Promise.all(parts.map((part) => part.idle())), limit.promise]);
    clearTimeout(timer);
    const left = this.consumers.reduce((sum, consumer) => sum + consumer.abandon(), 0);
    if (left > 0) this.o.log.warn({ left }, 'messages were still in hand; they will be delivered again');
  }

  private async start(): Promise<void> {
    await this.bus.ensureStreams(this.o.streams ?? streamsOf(this.bus.user));
    for (const [subject, handler] of this.messageHandlers) {
      const handle: Handle = (body, context) => this.invoke(handler, body, context);
      if (handler.isEventHandler) await this.consume(subject, handler.extras as ConsumerExtras, handle);
      else this.answer(subject, handle);
    }
    // When start resolves, the server has heard of every subscription: whoever asks next is answered.
    await this.bus.connection.flush();
  }

  private async consume(subject: string, extras: ConsumerExtras, handle: Handle): Promise<void> {
    const { bus, o } = this;
    const delays = o.retry ?? RETRY_DELAYS;
    const consumer = new WorkConsumer({ bus, subject, extras, handle, delays, log: o.log });
    await consumer.start();
    this.consumers.push(consumer);
  }

  private answer(subject: string, handle: Handle): void {
    const { connection } = this.bus;
    this.responders.push(new Responder({ connection, subject, queue: this.o.name, handle, log: this.o.log }));
  }

  /** Nest turns a throw into an Observable that errors: it must be awaited as one, or the failure is lost. */
  private async invoke(handler: MessageHandler, body: unknown, context: BaseRpcContext): Promise<unknown> {
    const run = async (): Promise<unknown> => {
      const result = this.transformToObservable(await handler(body, context)) as Observable<unknown>;
      return lastValueFrom(result, { defaultValue: undefined });
    };
    const ended = Promise.withResolvers<unknown>();
    this.onProcessingStartHook(this.transportId, context, () => run().then(ended.resolve, ended.reject));
    return ended.promise.finally(() => this.onProcessingEndHook?.(this.transportId, context));
  }
}
