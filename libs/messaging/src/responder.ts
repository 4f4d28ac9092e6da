import { Rejected, type Reply, Unavailable } from '@audital/contracts';
import { BaseRpcContext } from '@nestjs/microservices';
import type { Msg, NatsConnection, Subscription } from 'nats';
import { decode, encode } from './body';
import type { Handle, TransportLog } from './context';
import { isPassing } from './verdict';

export interface ResponderOptions {
  connection: NatsConnection;
  subject: string;
  /** Replicas of a service share it: each request goes to one of them. */
  queue: string;
  handle: Handle;
  log: TransportLog;
}

/** One `@MessagePattern`: answers requests on core NATS. Who asks hears what was decided, or that it is to ask again. */
export class Responder {
  private readonly working = new Set<Promise<void>>();
  private readonly subscription: Subscription;

  constructor(private readonly o: ResponderOptions) {
    const callback = (error: Error | null, message: Msg): void => {
      if (error) return o.log.error({ subject: o.subject, reason: error.message }, 'requests cannot be heard');
      const work = this.answer(message).finally(() => this.working.delete(work));
      this.working.add(work);
    };
    this.subscription = o.connection.subscribe(o.subject, { queue: o.queue, callback });
  }

  /** Takes in no more; whoever asks now is heard by another replica, or by nobody. */
  async stop(): Promise<void> {
    await this.subscription.drain().catch(() => undefined);
  }

  async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.allSettled(this.working);
  }

  private async answer(message: Msg): Promise<void> {
    const reply = await this.reply(message);
    try {
      message.respond(encode(reply));
    } catch (error) {
      // The connection is closed, or the answer is larger than the broker takes: who asked gets no answer in time.
      this.o.log.error({ subject: message.subject, reason: (error as Error).message }, 'an answer could not be sent');
    }
  }

  private async reply(message: Msg): Promise<Reply<unknown>> {
    try {
      return { ok: (await this.o.handle(parse(message), new BaseRpcContext([message.subject]))) ?? null };
    } catch (error) {
      if (error instanceof Rejected)
        return { rejected: { code: error.code, message: error.message, problems: error.problems } };
      const fields = { subject: message.subject, reason: error instanceof Error ? error.message : String(error) };
      if (isPassing(error)) this.o.log.warn(fields, 'a request cannot be answered now');
      else this.o.log.error({ ...fields, err: error }, 'a request failed');
      return { unavailable: refusal(error) };
    }
  }
}

/** Of an error that nobody expects, who asks learns only that there was one. */
function refusal(error: unknown): { dependency: string; message: string } {
  if (error instanceof Unavailable) return { dependency: error.dependency, message: error.message };
  const message = isPassing(error)
    ? 'Somebody else wrote at the same time: ask again.'
    : 'The service met an error that it does not know; its log says more.';
  return { dependency: 'service', message };
}

function parse(message: Msg): unknown {
  try {
    return decode(message.data);
  } catch (error) {
    throw new Rejected('MESSAGE_NOT_JSON', `The request is not JSON in UTF-8 (${(error as Error).message}).`);
  }
}
