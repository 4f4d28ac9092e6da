import { createHash } from 'node:crypto';
import {
  type ChainStoppedNotice,
  decodeJson,
  evolveIntegration,
  type Integration,
  type IntegrationEvent,
  type IntegrationId,
  ledgerStreams,
  type OrganisationId,
  partitionOf,
  type PollEnded,
  type PollNow,
  type PollRequest,
  Rejected,
  type SealRequest,
  StoppedChains,
  subjects,
  Unavailable,
} from '@audital/contracts';
import { type Ledger, readAll, type StoredEvent } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { Logger } from '@audital/service';
import { Coverage, type Said } from './domain/coverage';
import { LookBacks } from './domain/look-backs';
import { pollRequests, Schedule } from './domain/schedule';

const TICK_MS = 100;
const JUDGE_EVERY_MS = 500;

/**
 * Asks for polls when they are due, and says what was looked at and what was not. It remembers nothing that it cannot read again:
 * integrations from the ledger, polls from POLLS.
 */
export class Scheduler {
  private readonly integrations = new Map<IntegrationId, Integration>();
  private readonly schedule: Schedule;
  private readonly lookBacks: LookBacks;
  private timer: NodeJS.Timeout | null = null;
  private asking: Promise<void> = Promise.resolve();
  private readonly coverage: Coverage;
  private readonly stoppedChains = new StoppedChains();
  private readonly unsaid: Said[] = [];
  private saying: Promise<void> | null = null;
  private judgedAt = 0;

  constructor(
    private readonly o: {
      ledger: Ledger;
      bus: Bus;
      log: Logger;
      speed: number;
      partitions: number;
      signal: AbortSignal;
      now: () => number;
    },
  ) {
    this.schedule = new Schedule(o.speed);
    this.lookBacks = new LookBacks(o.speed);
    this.coverage = new Coverage(o.speed);
  }

  /** Resolves when it stops; rejects when the ledger's history cannot be read. */
  async run(): Promise<void> {
    const { ledger, bus, signal } = this.o;
    const caughtUp = Promise.withResolvers<void>();
    const following = ledger.follow({ category: 'integration-', afterPosition: null }, (stored) => this.apply(stored), {
      signal,
      onCaughtUp: caughtUp.resolve,
    });
    const replayed = Promise.withResolvers<void>();
    await Promise.race([caughtUp.promise, following]);
    const reading = bus.readStream(
      'POLLS',
      { subject: subjects.pollEnded('*' as IntegrationId), signal, onCaughtUp: replayed.resolve },
      (body) => this.ended(body as PollEnded),
    );
    void replayed.promise.then(() => this.coverage.replayed(this.o.now()));
    // Until the polls of the last hours are known, everything would seem due; a broker that is away is not waited for.
    await Promise.race([replayed.promise, reading, new Promise((resolve) => setTimeout(resolve, 5_000).unref())]);
    const stopListening = bus.listen(subjects.chainStopped(), (body) => this.stopped(body as ChainStoppedNotice));
    this.timer = setInterval(() => this.tick(), TICK_MS);
    await following;
    stopListening();
    clearInterval(this.timer);
    await reading;
    await this.asking;
    await this.saying;
  }

  /** `ask.scheduler.poll`. Throws Rejected, Unavailable. */
  async pollNow({ integrationId, organisationId }: PollNow): Promise<{ asked: true }> {
    const integration = await this.find(integrationId, organisationId);
    if (!integration)
      throw new Rejected(
        'INTEGRATION_NOT_ACTIVE',
        'Only an ACTIVE integration is polled; GET it to see its status and why.',
      );
    const reason = this.stoppedChains.reason(organisationId, this.o.now());
    if (reason !== null)
      throw new Unavailable(
        'chain',
        `The chain of this organisation is stopped (${reason}), so nothing is polled: its operator has been alarmed.`,
      );
    await this.ask(pollRequests([integration], this.o.now()));
    return { asked: true };
  }

  /** What is followed may lie a moment behind: before somebody is told "not active", the stream is read to its end. */
  private async find(integrationId: IntegrationId, organisationId: OrganisationId): Promise<Integration | null> {
    const known = this.schedule.find(integrationId, organisationId);
    if (known) return known;
    for await (const stored of readAll(this.o.ledger, ledgerStreams.integration(integrationId))) this.apply(stored);
    return this.schedule.find(integrationId, organisationId);
  }

  private apply(stored: StoredEvent): void {
    const id = stored.stream.slice('integration-'.length) as IntegrationId;
    if ((this.integrations.get(id)?.revision ?? -1) >= stored.revision) return;
    const event = { type: stored.type, data: decodeJson(stored.data) } as unknown as IntegrationEvent;
    const integration = evolveIntegration(this.integrations.get(id) ?? null, event, stored.revision);
    if (!integration) return;
    this.integrations.set(id, integration);
    this.coverage.changed(integration, Date.parse(event.data.at));
    this.schedule.set(integration, this.o.now());
    this.lookBacks.set(integration, this.o.now());
  }

  private stopped(notice: ChainStoppedNotice): void {
    if (notice?.v !== 1 || !this.stoppedChains.heard(notice, this.o.now())) return;
    const { organisationId, reason } = notice;
    this.o.log.warn({ organisationId, reason }, 'the chain is stopped: no polls are asked for until it goes on');
  }

  private ended(poll: PollEnded): void {
    if (poll?.v !== 1) return;
    if ((poll.kind ?? 'LIVE') === 'LIVE') this.schedule.ended(poll);
    else this.lookBacks.ended(poll);
    this.coverage.polled(poll);
  }

  private tick(): void {
    this.sayCoverage();
    const now = this.o.now();
    const live = this.schedule.due(now);
    const back = this.lookBacks.due(now, (integration) => this.schedule.free(integration, now));
    // One that is being asked for is not asked for again by the next tick.
    for (const request of back) this.lookBacks.asked(request, true, now);
    const due = [...live, ...back].filter(
      ({ organisationId }) => this.stoppedChains.reason(organisationId, now) === null,
    );
    if (due.length === 0) return;
    this.asking = this.ask(due).catch((error: unknown) => {
      if (!(error instanceof Unavailable)) throw error;
      // The next interval asks again; the window of that poll is wider by as much.
      this.o.log.warn({ reason: error.message }, 'polls could not be asked for');
    });
  }

  /** A subject holds one message: while it is occupied, by a live poll or by one that looks back, the next one has to wait. */
  private async ask(requests: PollRequest[]): Promise<void> {
    await Promise.all(
      requests.map(async (request) => {
        const { organisationId, awsAccountId, region, requestedAt, integrationIds, kind = 'LIVE' } = request;
        const messageId = `${organisationId} ${awsAccountId} ${region} ${requestedAt} ${kind} ${integrationIds.join(' ')}`;
        const subject = subjects.pollWork(organisationId, awsAccountId, region);
        const isTaken = (await this.o.bus.publish(subject, request, { messageId })) !== 'occupied';
        if (isTaken) return;
        if (kind === 'LIVE') this.schedule.occupied(request, this.o.now());
        else this.lookBacks.asked(request, false, this.o.now());
      }),
    );
  }

  /** What could not be said is kept and said later; a process that dies before replays the polls, and comes to the same facts. */
  private sayCoverage(): void {
    const now = this.o.now();
    if (this.saying || now - this.judgedAt < JUDGE_EVERY_MS) return;
    this.judgedAt = now;
    this.unsaid.push(...this.coverage.judge(now));
    if (this.unsaid.length === 0) return;
    this.saying = this.sayAll()
      .catch((error: unknown) => {
        if (!(error instanceof Unavailable)) throw error;
        this.o.log.warn({ waiting: this.unsaid.length, reason: error.message }, 'coverage is said later');
      })
      .finally(() => (this.saying = null));
  }

  private async sayAll(): Promise<void> {
    for (let next = this.unsaid[0]; next; next = this.unsaid[0]) {
      const { organisationId, observation } = next;
      const { integrationId, fact: messageId } = observation;
      const request: SealRequest = { v: 1, organisationId, integrationId, observations: [observation], cursor: null };
      const partition = partitionOf(createHash('sha256').update(organisationId).digest(), this.o.partitions);
      await this.o.bus.publish(subjects.sealWork(partition, organisationId), request, { messageId });
      this.unsaid.shift();
    }
  }
}
