import { AckPolicy, type ConsumerConfig, DeliverPolicy, nanos, nuid } from 'nats';
import type { StreamName } from '@audital/contracts';
import { decode } from './body';
import { brokerError } from './broker-errors';
import type { Bus } from './bus';
import type { Delivery } from './delivery';
import { Pull } from './pull';

export interface ReadOptions {
  subject: string;
  signal: AbortSignal;
  /** Called once, when everything that stood in the stream at the start has been handed over. */
  onCaughtUp?: () => void;
}

export type HandleBody = (body: unknown, subject: string) => void;

/** An ephemeral consumer that nobody pulls any more is gone after this. */
const INACTIVE_MS = 60_000;
const ROOM = 256;
const START_RETRY_MS = 500;

/** Replays a stream in order, and goes on: after a broken connection from where it stood, after a lost store from the new start. */
export class StreamReader {
  private readonly pull: Pull;
  /** When the stream was made: another time, another stream. */
  private created = '';
  private last = 0;
  /** Only the newest is heard: what an older one still sends may lie behind what was lost on the way. */
  private consumer = '';
  private caughtUp = false;
  private readonly done = Promise.withResolvers<void>();

  constructor(
    private readonly bus: Bus,
    private readonly stream: StreamName,
    private readonly o: ReadOptions,
    private readonly handle: HandleBody,
  ) {
    this.pull = new Pull({
      connection: bus.connection,
      inboxPrefix: bus.inboxPrefix,
      stream,
      prepare: () => this.prepare(),
      room: () => ROOM,
      take: (delivery) => this.take(delivery),
      onTrouble: (reason) => bus.log.warn({ stream, reason }, 'a stream is read on'),
    });
  }

  /** Resolves when the signal is given; rejects when `handle` throws. A broker that is away is waited for. */
  async run(): Promise<void> {
    if (this.o.signal.aborted) return;
    this.o.signal.addEventListener('abort', () => this.done.resolve(), { once: true });
    const stopListening = this.bus.reconnected(() => this.pull.reconnected());
    try {
      await this.start();
      await this.done.promise;
    } finally {
      stopListening();
      await this.pull.stop();
    }
  }

  private async start(): Promise<void> {
    while (!this.o.signal.aborted) {
      try {
        return await Promise.race([this.pull.start(), this.done.promise]);
      } catch (error) {
        this.bus.log.warn({ stream: this.stream, reason: (error as Error).message }, 'a stream cannot be read yet');
        const retry = new Promise((resolve) => setTimeout(resolve, START_RETRY_MS).unref());
        await Promise.race([retry, this.done.promise]);
      }
    }
  }

  private async prepare(): Promise<string> {
    const { manager, user } = this.bus;
    await this.bus.whenConnected();
    await this.bus.ensureStreams([this.stream]);
    try {
      const { created, state } = await manager.streams.info(this.stream);
      if (created !== this.created || state.last_seq < this.last) this.last = 0;
      this.created = created;
      this.consumer = `${user || 'reader'}-${nuid.next()}`;
      const { num_pending } = await manager.consumers.add(this.stream, this.config(this.consumer));
      if (num_pending === 0) this.reachedEnd();
      return this.consumer;
    } catch (error) {
      throw brokerError(error, this.stream);
    }
  }

  private config(name: string): Partial<ConsumerConfig> {
    const from =
      this.last === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.last + 1 };
    return {
      name,
      filter_subject: this.o.subject,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      inactive_threshold: nanos(INACTIVE_MS),
      ...from,
    };
  }

  private take(delivery: Delivery): void {
    if (this.o.signal.aborted || delivery.consumer !== this.consumer || delivery.sequence <= this.last) return;
    this.last = delivery.sequence;
    let body: unknown;
    try {
      body = decode(delivery.data);
    } catch (error) {
      this.bus.log.error(
        {
          stream: this.stream,
          subject: delivery.subject,
          sequence: delivery.sequence,
          reason: (error as Error).message,
        },
        'a message is not JSON and is passed over',
      );
    }
    try {
      if (body !== undefined) this.handle(body, delivery.subject);
      if (delivery.pending === 0) this.reachedEnd();
    } catch (error) {
      this.done.reject(error as Error);
    }
  }

  private reachedEnd(): void {
    if (this.caughtUp) return;
    this.caughtUp = true;
    this.o.onCaughtUp?.();
  }
}
