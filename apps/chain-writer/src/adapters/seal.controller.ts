import type {
  AppendReply,
  AppendRequest,
  ReadoptReply,
  ReadoptRequest,
  RedactReply,
  RedactRequest,
  RotateKeyReply,
  RotateKeyRequest,
  SealRequest,
} from '@audital/contracts';
import { STREAMS, subjects } from '@audital/contracts';
import type { ConsumerExtras } from '@audital/messaging';
import { Controller, Inject, type Type } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { Writer } from '../writer';

export const WRITER = Symbol('WRITER');

/** The subjects name the partition, so the class is made for one. Many messages are in hand at once: they become one batch. */
export function sealController(partition: number): Type<unknown> {
  const consumer: ConsumerExtras = {
    stream: STREAMS.WORK_SEAL,
    durable: `chain-writer-${partition}`,
    concurrency: 256,
    ackWaitMs: 30_000,
  };

  @Controller()
  class SealController {
    constructor(@Inject(WRITER) private readonly writer: Writer) {}

    @EventPattern(`work.seal.${partition}.>`, consumer)
    seal(@Payload() request: SealRequest): Promise<void> {
      return this.writer.seal(request);
    }

    @MessagePattern(subjects.askChain(partition, 'append'))
    append(@Payload() request: AppendRequest): Promise<AppendReply> {
      return this.writer.append(request);
    }

    @MessagePattern(subjects.askChain(partition, 'readopt'))
    readopt(@Payload() request: ReadoptRequest): Promise<ReadoptReply> {
      return this.writer.readopt(request);
    }

    @MessagePattern(subjects.askChain(partition, 'redact'))
    redact(@Payload() request: RedactRequest): Promise<RedactReply> {
      return this.writer.redact(request);
    }

    @MessagePattern(subjects.askChain(partition, 'rotate-key'))
    rotateKey(@Payload() request: RotateKeyRequest): Promise<RotateKeyReply> {
      return this.writer.rotateKey(request);
    }
  }
  return SealController;
}
