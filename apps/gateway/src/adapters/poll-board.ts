import { type IntegrationId, type PollEnded, STREAMS, subjects } from '@audital/contracts';
import type { Bus } from '@audital/messaging';
import { type Polls, withPoll } from '../domain/integration-view';

/** How the polls of each integration go, from what the broker still holds of POLLS. Nothing depends on it but what is shown. */
export class PollBoard {
  private readonly polls = new Map<IntegrationId, Polls>();

  constructor(private readonly bus: Pick<Bus, 'readStream'>) {}

  run(signal: AbortSignal): Promise<void> {
    const subject = subjects.pollEnded('*' as IntegrationId);
    return this.bus.readStream(STREAMS.POLLS, { subject, signal }, (body) => this.take(body as PollEnded));
  }

  of(integrationId: IntegrationId): Polls | null {
    return this.polls.get(integrationId) ?? null;
  }

  private take(poll: PollEnded): void {
    if (poll?.v !== 1) return;
    const polls = withPoll(this.of(poll.integrationId), poll);
    if (polls) this.polls.set(poll.integrationId, polls);
  }
}
