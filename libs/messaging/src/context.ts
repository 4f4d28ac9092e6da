import type { StreamName } from '@audital/contracts';
import { BaseRpcContext } from '@nestjs/microservices';

/** The extras of an `@EventPattern`: which stream the subject is read from, and as whom. */
export interface ConsumerExtras {
  stream: StreamName;
  /** Replicas of a service share it: each message goes to one of them. */
  durable: string;
  /** Messages in hand at once. */
  concurrency: number;
  /** How long the broker waits for a sign of life before it gives a message to somebody else; long handlers are told of in between. */
  ackWaitMs: number;
  /** The handler gets lists of bodies: up to `size`, and no message waits longer than `maxWaitMs` for company. */
  batch?: { size: number; maxWaitMs: number };
}

/** What a batch handler may answer for each message, in order: done, or why not. Nothing at all means that all are done. */
export type Settlement = 'ack' | Error;

export interface DeliveredMessage {
  subject: string;
  /** 1 at the first delivery. */
  deliveries: number;
  sequence: number;
  headers: Record<string, string>;
}

/** The `@Ctx()` of an event handler. */
export class JetStreamContext extends BaseRpcContext<[DeliveredMessage[]]> {
  /** One for each body, in the same order. */
  get messages(): DeliveredMessage[] {
    return this.getArgByIndex(0);
  }

  get subject(): string {
    return (this.messages[0] as DeliveredMessage).subject;
  }

  get deliveries(): number {
    return (this.messages[0] as DeliveredMessage).deliveries;
  }
}

export interface TransportLog {
  warn: (fields: Record<string, unknown>, message: string) => void;
  error: (fields: Record<string, unknown>, message: string) => void;
}

/** A handler, whatever stands behind it: Nest's observables and filters are dealt with already. */
export type Handle = (body: unknown, context: BaseRpcContext) => Promise<unknown>;
