import type { StreamName } from '@audital/contracts';
import { AckPolicy, createInbox, DeliverPolicy, headers, type Msg, nanos, nuid } from 'nats';
import { brokerError, isNotFound } from './broker-errors';
import type { Bus } from './bus';
import { Delivery } from './delivery';

export interface ScanOptions {
  subject: string;
  /** RFC 3339: what was stored before is passed over. */
  since?: string;
  /** The bodies stay where they are. */
  headersOnly?: boolean;
}

export interface ScannedMessage {
  seq: number;
  subject: string;
  headers: Record<string, string>;
  messageId: string;
  /** Empty with `headersOnly`. */
  data: Uint8Array;
}

const PAGE = 256;
const SILENCE_LIMIT_MS = 5_000;
const INACTIVE_MS = 30_000;

/** What a stream holds now, once, from the oldest on. A stream that is not there holds nothing. Throws Unavailable. */
export async function* scanStream(bus: Bus, stream: StreamName, o: ScanOptions): AsyncGenerator<ScannedMessage> {
  const name = `${bus.user || 'scan'}-${nuid.next()}`;
  try {
    const { num_pending } = await bus.manager.consumers.add(stream, {
      name,
      filter_subject: o.subject,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      inactive_threshold: nanos(INACTIVE_MS),
      ...(o.headersOnly ? { headers_only: true } : {}),
      ...(o.since
        ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: o.since }
        : { deliver_policy: DeliverPolicy.All }),
    });
    for (let left = num_pending; left > 0;) {
      const page = await fetchPage(bus, { stream, name, count: Math.min(left, PAGE) });
      if (page.length === 0) return;
      left -= page.length;
      for (const message of page) yield scanned(bus, message);
    }
  } catch (error) {
    if (!isNotFound(error)) throw brokerError(error, stream);
  }
}

/** What was counted may have expired or been deleted since: a page may be short. */
async function fetchPage(bus: Bus, o: { stream: string; name: string; count: number }): Promise<Msg[]> {
  const inbox = createInbox(bus.inboxPrefix);
  const subscription = bus.connection.subscribe(inbox, { timeout: SILENCE_LIMIT_MS });
  const page: Msg[] = [];
  bus.connection.publish(
    `$JS.API.CONSUMER.MSG.NEXT.${o.stream}.${o.name}`,
    JSON.stringify({ batch: o.count, no_wait: true }),
    { reply: inbox },
  );
  try {
    for await (const message of subscription) {
      // 404: there is nothing more; any other status ends the page too.
      if (message.subject === inbox && (message.headers?.code ?? 0) !== 0) break;
      page.push(message);
      if (page.length === o.count) break;
    }
  } finally {
    subscription.unsubscribe();
  }
  return page;
}

function scanned(bus: Bus, message: Msg): ScannedMessage {
  const delivery = new Delivery(message, bus.connection);
  const all = message.headers ?? headers();
  return {
    seq: delivery.sequence,
    subject: message.subject,
    headers: delivery.headers,
    messageId: all.get('Nats-Msg-Id'),
    data: message.data,
  };
}
