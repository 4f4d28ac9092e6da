import { Rejected } from '@audital/contracts';
import { AckPolicy, type ConsumerConfig, nanos } from 'nats';
import { decode } from './body';
import { brokerError, isNotFound } from './broker-errors';
import type { Bus } from './bus';
import { JetStreamContext } from './context';
import type { ConsumerExtras, DeliveredMessage, Handle, Settlement, TransportLog } from './context';
import { bury } from './dead-letter';
import type { Delivery } from './delivery';
import { Pause } from './pause';
import { Pull } from './pull';
import { isKnown, isPassing, type RetryDelays, verdictOf } from './verdict';

export interface WorkConsumerOptions {
  bus: Bus;
  subject: string;
  extras: ConsumerExtras;
  handle: Handle;
  delays: RetryDelays;
  log: TransportLog;
}

/** Back-pressure is what is pulled; what waits for its next try must not keep the broker from delivering the rest. */
const ACK_PENDING_MAX = 10_000;
const UNBURIED_DELAY_MS = 5_000;
const COUNTED_MAX = 10_000;

/**
 * One `@EventPattern`: a durable consumer whose messages are settled one by one. A message is acknowledged after its handler has resolved,
 * so dying anywhere before delivers it again; handlers make the repetition harmless.
 */
export class WorkConsumer {
  private readonly held = new Set<Delivery>();
  private readonly working = new Set<Promise<void>>();
  /** Unknown failures by message. Kept here, because the broker's own count includes what was no message's fault. */
  private readonly failures = new Map<string, number>();
  private readonly pause: Pause;
  private readonly pull: Pull;
  private readonly slots: number;
  private gathered: Delivery[] = [];
  private gathering: NodeJS.Timeout | null = null;
  private heartbeat: NodeJS.Timeout | null = null;
  private closing = false;
  private stopListening: () => void = () => undefined;

  constructor(private readonly o: WorkConsumerOptions) {
    const { bus, extras, log, subject } = o;
    this.slots = Math.max(extras.concurrency, extras.batch?.size ?? 1);
    this.pause = new Pause(o.delays, () => this.pull.more());
    this.pull = new Pull({
      connection: bus.connection,
      inboxPrefix: bus.inboxPrefix,
      stream: extras.stream,
      prepare: () => this.prepare(),
      room: () => this.pause.limit(this.slots) - this.held.size,
      take: (delivery) => this.take(delivery),
      onTrouble: (reason) => log.warn({ subject, reason }, 'a consumer is set up again'),
    });
  }

  async start(): Promise<void> {
    await this.pull.start();
    this.stopListening = this.o.bus.reconnected(() => this.pull.reconnected());
    const everyMs = Math.max(250, this.o.extras.ackWaitMs / 3);
    this.heartbeat = setInterval(() => this.held.forEach((delivery) => delivery.working()), everyMs).unref();
  }

  /** Takes in no more, and gives back what was not begun. */
  async stop(): Promise<void> {
    this.closing = true;
    this.stopListening();
    this.pause.end();
    // First nobody hears any more here: given back before, a message would be sent here again.
    await this.pull.stop();
    for (const delivery of this.takeGathered()) {
      delivery.nak();
      this.held.delete(delivery);
    }
  }

  /** Resolves when everything in hand is settled. */
  async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.allSettled(this.working);
  }

  /** What is in hand still is the broker's to deliver again. */
  abandon(): number {
    if (this.heartbeat) clearInterval(this.heartbeat);
    return this.held.size;
  }

  private async prepare(): Promise<string> {
    const { bus, subject, extras } = this.o;
    const { stream, durable } = extras;
    const wanted: Partial<ConsumerConfig> = {
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(extras.ackWaitMs),
      // Counted here (see `failures`): the broker would drop the message before it is in dead.>.
      max_deliver: -1,
      max_ack_pending: ACK_PENDING_MAX,
    };
    await bus.whenConnected();
    await bus.ensureStreams([stream]);
    try {
      const { config } = await bus.manager.consumers.info(stream, durable);
      const differs = Object.entries(wanted).some(([key, value]) => config[key as keyof ConsumerConfig] !== value);
      if (differs) await bus.manager.consumers.update(stream, durable, wanted);
    } catch (error) {
      if (!isNotFound(error)) throw brokerError(error, durable);
      await bus.manager.consumers.add(stream, { durable_name: durable, ...wanted }).catch((late: unknown) => {
        throw brokerError(late, durable);
      });
    }
    return durable;
  }

  private take(delivery: Delivery): void {
    const { batch } = this.o.extras;
    this.held.add(delivery);
    if (!batch && !this.closing) return this.begin([delivery]);
    this.gathered.push(delivery);
    if (!batch || this.closing) return;
    if (this.gathered.length >= batch.size) return this.begin(this.takeGathered());
    this.gathering ??= setTimeout(() => this.begin(this.takeGathered()), batch.maxWaitMs);
  }

  private takeGathered(): Delivery[] {
    if (this.gathering) clearTimeout(this.gathering);
    this.gathering = null;
    const gathered = this.gathered;
    this.gathered = [];
    return gathered;
  }

  private begin(deliveries: Delivery[]): void {
    const work = this.process(deliveries).finally(() => this.working.delete(work));
    this.working.add(work);
  }

  private async process(deliveries: Delivery[]): Promise<void> {
    const readable: { delivery: Delivery; body: unknown }[] = [];
    const unreadable: Promise<void>[] = [];
    for (const delivery of deliveries) {
      try {
        readable.push({ delivery, body: decode(delivery.data) });
      } catch (error) {
        const reason = `The message is not JSON in UTF-8 (${(error as Error).message}).`;
        unreadable.push(this.settle(delivery, new Rejected('MESSAGE_NOT_JSON', reason)));
      }
    }
    if (readable.length > 0) await this.handle(readable);
    await Promise.all(unreadable);
  }

  private async handle(messages: { delivery: Delivery; body: unknown }[]): Promise<void> {
    const deliveries = messages.map(({ delivery }) => delivery);
    const bodies = messages.map(({ body }) => body);
    try {
      const context = new JetStreamContext([deliveries.map(delivered)]);
      const answer = await this.o.handle(this.o.extras.batch ? bodies : bodies[0], context);
      const settlements = this.o.extras.batch ? settlementsIn(answer, bodies.length) : null;
      await Promise.all(deliveries.map((delivery, index) => this.settle(delivery, settlements?.[index] ?? 'ack')));
    } catch (error) {
      if (messages.length > 1 && !isPassing(error)) {
        // One of them is at fault. Alone, each shows whether it is the one, and the others do not suffer for it.
        for (const message of messages) await this.handle([message]);
      } else await Promise.all(deliveries.map((delivery) => this.settle(delivery, error)));
    }
  }

  private async settle(delivery: Delivery, outcome: unknown): Promise<void> {
    if (outcome === 'ack') {
      await delivery.ack();
      this.failures.delete(delivery.id);
      this.pause.succeeded();
    } else await this.refuse(delivery, outcome);
    this.held.delete(delivery);
    this.pull.more();
  }

  private async refuse(delivery: Delivery, error: unknown): Promise<void> {
    const { log, subject: pattern, delays } = this.o;
    const { subject, deliveries } = delivery;
    const failures = isKnown(error) ? 0 : this.count(delivery);
    const verdict = verdictOf(error, { deliveries, failures, delays });
    const facts = { subject, pattern, deliveries, reason: error instanceof Error ? error.message : String(error) };
    if (verdict.kind === 'dead') {
      log.error({ ...facts, reason: verdict.reason }, 'a message is dead; dead.> keeps it');
      await this.bury(delivery, verdict.reason);
      return;
    }
    if (verdict.kind === 'wait') {
      this.pause.failed();
      log.warn({ ...facts, delayMs: verdict.delayMs }, 'a message waits for a dependency');
    } else if (verdict.kind === 'retry') {
      log.error({ ...facts, failures, delayMs: verdict.delayMs, err: error }, 'a message failed and is tried again');
    } else log.error({ ...facts, delayMs: verdict.delayMs }, 'stored history does not verify: a person is needed');
    delivery.nak(verdict.delayMs);
  }

  private async bury(delivery: Delivery, reason: string): Promise<void> {
    try {
      await bury(this.o.bus, delivery, reason);
      delivery.term();
      this.failures.delete(delivery.id);
    } catch {
      // It must not vanish: it is judged again when the broker takes its copy.
      delivery.nak(UNBURIED_DELAY_MS);
    }
  }

  private count(delivery: Delivery): number {
    const failures = (this.failures.get(delivery.id) ?? 0) + 1;
    this.failures.set(delivery.id, failures);
    // Another replica may have settled what is counted here; the oldest counts are forgotten.
    if (this.failures.size > COUNTED_MAX) this.failures.delete(this.failures.keys().next().value as string);
    return failures;
  }
}

function delivered(delivery: Delivery): DeliveredMessage {
  const { subject, deliveries, sequence, headers } = delivery;
  return { subject, deliveries, sequence, headers };
}

/** Null: all are done. An answer that does not fit the batch says nothing of any of them. */
function settlementsIn(answer: unknown, count: number): Settlement[] | null {
  if (answer === undefined || answer === null) return null;
  const right =
    Array.isArray(answer) && answer.length === count && answer.every((one) => one === 'ack' || one instanceof Error);
  if (!right)
    throw new Error(`A batch handler answers nothing, or 'ack' or an Error for each of its ${count} messages.`);
  return answer as Settlement[];
}
