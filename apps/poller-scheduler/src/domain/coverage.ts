import type { Integration, IntegrationId, Observation, OrganisationId, PollEnded } from '@audital/contracts';
import { CoverageWatch } from './coverage-watch';

export interface Said {
  organisationId: OrganisationId;
  observation: Observation;
}

/**
 * What has to be said about coverage, of all integrations. It remembers nothing that cannot be replayed: the integrations' streams and
 * POLLS, heard again, lead to the same facts, and the chain knows those that it has.
 */
export class Coverage {
  private readonly watches = new Map<IntegrationId, { organisationId: OrganisationId; watch: CoverageWatch }>();
  private judgingSince: number | null = null;

  constructor(private readonly speed: number) {}

  changed(integration: Integration, atLocal: number): void {
    const { integrationId, organisationId } = integration;
    const one = this.watches.get(integrationId) ?? { organisationId, watch: new CoverageWatch(this.speed) };
    this.watches.set(integrationId, one);
    one.watch.changed(integration, atLocal);
  }

  polled(poll: PollEnded): void {
    if (poll?.v === 1) this.watches.get(poll.integrationId)?.watch.polled(poll);
  }

  /** The polls that the broker still had have been heard; before that nothing is judged. */
  replayed(nowLocal: number): void {
    this.judgingSince ??= nowLocal;
  }

  judge(nowLocal: number): Said[] {
    const since = this.judgingSince;
    if (since === null) return [];
    return [...this.watches.values()].flatMap(({ organisationId, watch }) =>
      watch.judge(nowLocal, since).map((observation) => ({ organisationId, observation })),
    );
  }
}
