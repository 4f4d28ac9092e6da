import { type Msg, nanos, type NatsConnection } from 'nats';

const CONFIRM_LIMIT_MS = 5_000;
const encoder = new TextEncoder();

/**
 * One message that JetStream has lent us. It stays ours until it is settled or its time runs out. What the broker does not hear, because
 * the connection is gone, is as if it had not been said: the message is delivered again.
 */
export class Delivery {
  readonly stream: string;
  readonly consumer: string;
  /** 1 at the first delivery. */
  readonly deliveries: number;
  readonly sequence: number;
  /** Sequences start anew in a store that was lost; with the time of storing, a message is itself. */
  readonly id: string;
  /** How many more the consumer has for us. */
  readonly pending: number;
  private settled = false;

  constructor(
    private readonly message: Msg,
    private readonly connection: NatsConnection,
  ) {
    // $JS.ACK.<stream>.<consumer>.<deliveries>.<stream sequence>.<consumer sequence>.<time>.<pending>, or with domain and account in front.
    const tokens = (message.reply ?? '').split('.');
    const [stream, consumer, deliveries, sequence, , time, pending] = tokens.slice(tokens.length > 9 ? 4 : 2);
    this.stream = stream ?? '';
    this.consumer = consumer ?? '';
    this.deliveries = Number(deliveries);
    this.sequence = Number(sequence);
    this.id = `${sequence}@${time}`;
    this.pending = Number(pending);
  }

  get subject(): string {
    return this.message.subject;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  /** The sender's own: what the broker made of the message (`Nats-…`) is left out. */
  get headers(): Record<string, string> {
    const all = this.message.headers;
    const own = (all?.keys() ?? []).filter((name) => !name.startsWith('Nats-'));
    return Object.fromEntries(own.map((name) => [name, all?.get(name) ?? '']));
  }

  /** Done. Resolves when the broker has confirmed it, or did not in time. */
  async ack(): Promise<void> {
    if (this.settled) return;
    this.settled = true;
    const confirmed = this.connection.request(this.message.reply as string, encoder.encode('+ACK'), {
      timeout: CONFIRM_LIMIT_MS,
    });
    // Unconfirmed, the broker delivers it again, and its handler finds that it is done.
    await confirmed.catch(() => undefined);
  }

  /** Deliver it again, after a while. */
  nak(delayMs = 0): void {
    this.settle(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}` : '-NAK');
  }

  /** Never deliver it again. Without a reason: servers before 2.10 ignore a `+TERM` that has one. */
  term(): void {
    this.settle('+TERM');
  }

  /** It is still worked on: its time starts anew. */
  working(): void {
    if (!this.settled) this.send('+WPI');
  }

  private settle(verb: string): void {
    if (this.settled) return;
    this.settled = true;
    this.send(verb);
  }

  private send(verb: string): void {
    try {
      this.connection.publish(this.message.reply as string, encoder.encode(verb));
    } catch {
      // The connection is closed: the broker's clock decides.
    }
  }
}
