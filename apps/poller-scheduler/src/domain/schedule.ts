import {
  type Integration,
  type IntegrationId,
  type OrganisationId,
  type PollEnded,
  type PollRequest,
} from '@audital/contracts';

interface Entry {
  integration: Integration;
  /** By our own clock, ms. */
  dueAtMs: number;
  /** Intervals are lengthened by this factor while the account throttles us. */
  slowdown: number;
}

const SLOWDOWN_MAX = 16;

/**
 * Which integrations are due, and when. In memory, built from the ledger and from the polls that the broker still remembers. Times are
 * given by the caller; `speed` shortens intervals for the simulator.
 */
export class Schedule {
  private readonly entries = new Map<IntegrationId, Entry>();

  constructor(private readonly speed: number) {}

  /** An integration as it stands now. One that became ACTIVE is due at once, others keep their time. */
  set(integration: Integration, nowMs: number): void {
    const { integrationId, status } = integration;
    const known = this.entries.get(integrationId);
    if (status !== 'ACTIVE') this.entries.delete(integrationId);
    else if (known)
      this.entries.set(integrationId, {
        ...known,
        integration,
        dueAtMs: Math.min(known.dueAtMs, nowMs + this.intervalMs({ ...known, integration })),
      });
    else this.entries.set(integrationId, { integration, dueAtMs: nowMs, slowdown: 1 });
  }

  /** A poll that ended sets the next one, at the integration's own second; throttling doubles the interval, success halves it. */
  ended(poll: PollEnded): void {
    const entry = this.entries.get(poll.integrationId);
    if (!entry) return;
    const slowdown =
      poll.outcome === 'THROTTLED' ? Math.min(entry.slowdown * 2, SLOWDOWN_MAX) : Math.max(entry.slowdown / 2, 1);
    const slowed = { ...entry, slowdown };
    this.entries.set(poll.integrationId, { ...slowed, dueAtMs: this.nextTime(Date.parse(poll.endedAtLocal), slowed) });
  }

  find(integrationId: IntegrationId, organisationId: OrganisationId): Integration | null {
    const entry = this.entries.get(integrationId);
    return entry?.integration.organisationId === organisationId ? entry.integration : null;
  }

  /** One request for each organisation, account and region; what it names is not due again before a whole interval, ended or not. */
  due(nowMs: number): PollRequest[] {
    const due = [...this.entries.values()].filter((entry) => entry.dueAtMs <= nowMs);
    for (const entry of due)
      this.entries.set(entry.integration.integrationId, { ...entry, dueAtMs: nowMs + this.intervalMs(entry) });
    return pollRequests(
      due.map(({ integration }) => integration),
      nowMs,
    );
  }

  /** How often the live polls of an integration come, and how long its account and region are free until the next one is due. */
  free({ integrationId, organisationId, target }: Integration, nowMs: number): { freeMs: number; intervalMs: number } {
    const own = this.entries.get(integrationId);
    const account = [...this.entries.values()].filter(
      ({ integration }) =>
        integration.organisationId === organisationId &&
        integration.target.awsAccountId === target.awsAccountId &&
        integration.target.region === target.region,
    );
    const dueAtMs = Math.min(...account.map((entry) => entry.dueAtMs));
    return { freeMs: dueAtMs - nowMs, intervalMs: own ? this.intervalMs(own) : Infinity };
  }

  /** The subject was occupied, maybe by a poll that looks back: it is tried again soon. A live poll that ends meanwhile sets its own time. */
  occupied({ integrationIds }: PollRequest, nowMs: number): void {
    for (const id of integrationIds) {
      const entry = this.entries.get(id);
      if (entry) this.entries.set(id, { ...entry, dueAtMs: nowMs + Math.min(1_000, this.intervalMs(entry) / 4) });
    }
  }

  private intervalMs({ integration, slowdown }: Entry): number {
    return Math.max((integration.settings.syncInterval * 1000 * slowdown) / this.speed, 200);
  }

  /**
   * The next time that lies on this integration's own place in the interval, which follows from its id: a thousand integrations do not
   * fire at the same second. A poll that took longer than its interval is late, and the next one waits for its place.
   */
  private nextTime(endedMs: number, entry: Entry): number {
    const interval = this.intervalMs(entry);
    const place = (placeOf(entry.integration.integrationId) * interval) % interval;
    return (Math.floor((endedMs - place) / interval) + 1) * interval + place;
  }
}

/** 0 to 1, evenly spread over ids. */
function placeOf(id: string): number {
  let hash = 2166136261;
  for (const character of id) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619) >>> 0;
  return hash / 2 ** 32;
}

export function pollRequests(integrations: Integration[], nowMs: number): PollRequest[] {
  const groups = Map.groupBy(
    integrations,
    ({ organisationId, target }) => `${organisationId} ${target.awsAccountId} ${target.region}`,
  );
  return [...groups.values()].map((group) => {
    const { organisationId, target } = group[0] as Integration;
    const integrationIds = group.map(({ integrationId }) => integrationId).sort();
    return {
      v: 1,
      organisationId,
      awsAccountId: target.awsAccountId,
      region: target.region,
      requestedAt: new Date(nowMs).toISOString(),
      integrationIds,
    };
  });
}
