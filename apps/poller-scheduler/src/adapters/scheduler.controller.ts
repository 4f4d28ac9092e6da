import type { PollNow } from '@audital/contracts';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Scheduler } from '../scheduler';

export const SCHEDULER = Symbol('SCHEDULER');

@Controller()
export class SchedulerController {
  constructor(@Inject(SCHEDULER) private readonly scheduler: Scheduler) {}

  @MessagePattern('ask.scheduler.poll')
  pollNow(@Payload() request: PollNow): Promise<{ asked: true }> {
    return this.scheduler.pollNow(request);
  }
}
