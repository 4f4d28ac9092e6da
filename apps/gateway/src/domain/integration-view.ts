import type {
  DoctorRow,
  Integration,
  IntegrationSettings,
  IntegrationStatus,
  IntegrationTarget,
  PollEnded,
} from '@audital/contracts';

/** An integration as HTTP shows it: the public field names of the request, and how it is doing. */
export interface IntegrationView extends IntegrationTarget, IntegrationSettings {
  id: string;
  status: IntegrationStatus;
  createdAt: string;
  activeSince: string | null;
  /** The outcome of the last connection test. */
  test: { at: string; rows: DoctorRow[]; reason: { code: string; message: string } | null } | null;
  /** By our clock; null until the first poll that is remembered. */
  lastPolledAt: string | null;
  lastOutcome: PollEnded['outcome'] | null;
  /** One sentence when the last poll was not OK. */
  lastReason: string | null;
  /** How far the newest observed window lies behind now. */
  lagSeconds: number | null;
}

export interface Polls {
  last: PollEnded;
  /** The end of the newest window that was observed, by AWS's clock. */
  observedTo: string | null;
}

export function integrationView(integration: Integration, polls: Polls | null, now: Date): IntegrationView {
  const { integrationId, target, settings, status, test, registeredAt, activeSince } = integration;
  const observedTo = polls?.observedTo ?? null;
  return {
    id: integrationId,
    status,
    ...target,
    ...settings,
    createdAt: registeredAt,
    activeSince,
    test,
    lastPolledAt: polls?.last.endedAtLocal ?? null,
    lastOutcome: polls?.last.outcome ?? null,
    lastReason: polls?.last.reason ?? null,
    lagSeconds: observedTo === null ? null : Math.max(0, Math.round((now.getTime() - Date.parse(observedTo)) / 1000)),
  };
}

/** What a further poll changes. Windows may end in another order than they began. */
export function withPoll(before: Polls | null, poll: PollEnded): Polls {
  const observedTo =
    [before?.observedTo ?? null, poll.outcome === 'OK' ? poll.windowTo : null]
      .filter((end) => end !== null)
      .sort()
      .at(-1) ?? null;
  const isNewer = before === null || poll.endedAtLocal >= before.last.endedAtLocal;
  return { last: isNewer ? poll : before.last, observedTo };
}
