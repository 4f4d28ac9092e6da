import type { CoveragePayload, GapPayload, Integration } from '@audital/contracts';
import { type CoverageReport, coverageReport, type Sealed } from '../domain/coverage-report';
import { HOUR_MS } from '../domain/integration-view';
import type { ChainIndex } from './chain-index';
import type { EventReader } from './event-reader';
import type { PollBoard } from './poll-board';

/** An hour each, for a month. */
export const COVERAGE_RANGE_MS_MAX = 31 * 24 * HOUR_MS;
const EVENTS_MAX = 1000;

/** When an integration was looked at: from the sealed events, read and verified for each answer, and from the polls since. */
export class Coverage {
  constructor(private readonly o: { index: ChainIndex; reader: EventReader; polls: PollBoard; now: () => Date }) {}

  async report(integration: Integration, range: { from: string; to: string }): Promise<CoverageReport> {
    const { integrationId, status } = integration;
    const { from } = range;
    // An hour is told under the time at which it ended, which may lie an hour beyond the range.
    const to = new Date(Date.parse(range.to) + HOUR_MS + 1).toISOString();
    const hours = await this.sealed<CoveragePayload>(integration, 'COVERAGE', { from, to });
    const later = await this.sealed<GapPayload>(integration, 'COVERAGE_GAP', { from });
    // A gap that began before the range may reach into it.
    const before = await this.sealed<GapPayload>(integration, 'COVERAGE_GAP', { to: from }, 2);
    return coverageReport(
      { fromMs: Date.parse(range.from), toMs: Date.parse(range.to) },
      {
        integration: { integrationId, status },
        hours,
        gaps: [...before, ...later],
        polls: this.o.polls.of(integrationId),
        nowMs: this.o.now().getTime(),
      },
    );
  }

  private async sealed<Payload>(
    { organisationId, integrationId }: Integration,
    eventType: string,
    times: { from?: string; to?: string },
    limit = EVENTS_MAX,
  ): Promise<Sealed<Payload>[]> {
    const filter = { eventType: [eventType], source: ['AUDITAL'], integrationId, ...times };
    const positions = this.o.index.find({ organisationId, filter, order: 'DESC', after: null, below: null, limit });
    const events = await this.o.reader.views(organisationId, positions);
    return events.flatMap(({ id, verified, payload }) =>
      id === null || payload === null ? [] : [{ id, verified, payload: payload as unknown as Payload }],
    );
  }
}
