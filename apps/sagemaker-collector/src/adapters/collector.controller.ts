import type { PollRequest, TestReply, TestRequest } from '@audital/contracts';
import { STREAMS } from '@audital/contracts';
import type { ConsumerExtras } from '@audital/messaging';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';

export const POLL = Symbol('POLL');
export const TEST = Symbol('TEST');

/** A poll whose collector died blocks its subject until ackWait has passed; a long poll says in between that it is at work. */
const consumer: ConsumerExtras = {
  stream: STREAMS.WORK_POLL,
  durable: 'sagemaker-collector',
  concurrency: 8,
  ackWaitMs: 6_000,
};

@Controller()
export class CollectorController {
  constructor(
    @Inject(POLL) private readonly poll: (request: PollRequest) => Promise<void>,
    @Inject(TEST) private readonly test: (request: TestRequest) => Promise<TestReply>,
  ) {}

  @EventPattern('work.poll.sagemaker.>', consumer)
  pollAccount(@Payload() request: PollRequest): Promise<void> {
    return this.poll(request);
  }

  @MessagePattern('ask.collector.test')
  testIntegration(@Payload() request: TestRequest): Promise<TestReply> {
    return this.test(request);
  }
}
