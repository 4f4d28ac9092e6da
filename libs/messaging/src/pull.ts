import { setTimeout as delay } from 'node:timers/promises';
import { createInbox, type Msg, nanos, type NatsConnection, type Subscription } from 'nats';
import { Delivery } from './delivery';

export interface PullOptions {
  connection: NatsConnection;
  inboxPrefix: string;
  stream: string;
  /** Makes the stream and the consumer if they are not there, and answers the consumer's name. */
  prepare: () => Promise<string>;
  /** How many messages could be taken now, those that are on their way included. */
  room: () => number;
  take: (delivery: Delivery) => void;
  /** It goes on by itself; somebody may want to know. */
  onTrouble: (reason: string) => void;
}

const EXPIRES_MS = 20_000;
const HEARTBEAT_MS = 2_500;
const REPAIR_MS_FIRST = 100;
const REPAIR_MS_MAX = 5_000;
const DRAIN_LIMIT_MS = 1_000;

const HEARTBEAT = 100;
/** The request has ended without enough messages: that is how a quiet consumer looks. */
const ENDED = [404, 408];

/**
 * Pulls a JetStream consumer for exactly as many messages as there is room for. The client's own `consume()` fetches more and lets them
 * wait where nobody tells the broker that they are still wanted, so a slow handler would get them twice. Whatever the consumer was lost by
 * (a broker that restarted, with its store or without), it is prepared again and pulled on.
 */
export class Pull {
  private readonly inbox: string;
  private readonly stopping = new AbortController();
  private subscription: Subscription | null = null;
  private watch: NodeJS.Timeout | null = null;
  private consumer = '';
  /** Asked for and not arrived. */
  private asked = 0;
  private lastHeard = 0;
  /** Repairs in a row without a word from the consumer in between. */
  private repairs = 0;
  private repairing: AbortController | null = null;

  constructor(private readonly o: PullOptions) {
    this.inbox = createInbox(o.inboxPrefix);
  }

  /** Rejects when the consumer cannot be made. */
  async start(): Promise<void> {
    this.consumer = await this.o.prepare();
    if (this.stopping.signal.aborted) return;
    const callback = (error: Error | null, message: Msg): void => {
      if (error) this.o.onTrouble(error.message);
      else if (message.subject === this.inbox) this.status(message);
      else this.arrived(message);
    };
    this.subscription = this.o.connection.subscribe(this.inbox, { callback });
    this.watch = setInterval(() => this.listenForSilence(), HEARTBEAT_MS).unref();
    this.more();
  }

  /** There may be room again. A quarter of it is worth a request, and any of it when none is under way. */
  more(): void {
    if (this.stopping.signal.aborted || this.repairing || !this.subscription) return;
    const room = this.o.room();
    const missing = room - this.asked;
    if (missing < 1 || (this.asked > 0 && missing * 4 < room)) return;
    const request = { batch: missing, expires: nanos(EXPIRES_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.o.stream}.${this.consumer}`;
    try {
      this.o.connection.publish(subject, JSON.stringify(request), { reply: this.inbox });
    } catch {
      return; // The connection was closed: whoever closed it stops this too.
    }
    this.asked += missing;
    this.lastHeard = Date.now();
  }

  /** The connection is back: what was asked for is not known there any more. */
  reconnected(): void {
    this.repairs = 0;
    this.repairing?.abort();
    void this.repair('the connection was lost');
  }

  /** Asks for no more. What is on its way still arrives, and is the taker's to give back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.repairing?.abort();
    if (this.watch) clearInterval(this.watch);
    const drained = this.subscription?.drain().catch(() => undefined);
    await Promise.race([drained, delay(DRAIN_LIMIT_MS, undefined, { ref: false })]);
  }

  private arrived(message: Msg): void {
    this.heard();
    this.asked = Math.max(0, this.asked - 1);
    this.o.take(new Delivery(message, this.o.connection));
    this.more();
  }

  private status(message: Msg): void {
    const code = message.headers?.code ?? 0;
    if (code === HEARTBEAT) return this.heard();
    if (!ENDED.includes(code)) return void this.repair(`${code} ${message.headers?.description ?? ''}`.trim());
    this.heard();
    const left = Number(message.headers?.get('Nats-Pending-Messages') || this.asked);
    this.asked = Math.max(0, this.asked - left);
    this.more();
  }

  private heard(): void {
    this.lastHeard = Date.now();
    this.repairs = 0;
  }

  private listenForSilence(): void {
    if (this.asked > 0 && Date.now() - this.lastHeard > 3 * HEARTBEAT_MS) void this.repair('no heartbeat');
  }

  /** Dying in here leaves nothing half done: streams and consumers are made by one request each. */
  private async repair(reason: string): Promise<void> {
    if (this.repairing || this.stopping.signal.aborted) return;
    this.o.onTrouble(reason);
    this.asked = 0;
    for (let done = false; !done && !this.stopping.signal.aborted;) {
      this.repairing = new AbortController();
      const waitMs = this.repairs === 0 ? 0 : Math.min(REPAIR_MS_FIRST * 2 ** (this.repairs - 1), REPAIR_MS_MAX);
      this.repairs += 1;
      if (waitMs > 0) await delay(waitMs, undefined, { signal: this.repairing.signal }).catch(() => undefined);
      done = await this.prepareAgain();
    }
    this.repairing = null;
    this.more();
  }

  private async prepareAgain(): Promise<boolean> {
    try {
      this.consumer = await this.o.prepare();
      return true;
    } catch (error) {
      this.o.onTrouble((error as Error).message);
      return false;
    }
  }
}
