import type { Integration, IntegrationId, PollEnded, PollKind, PollRequest } from '@audital/contracts';
import { pollRequests } from './schedule';

type LookBackKind = Exclude<PollKind, 'LIVE'>;
type Settings = Integration['settings'];
const KINDS: readonly LookBackKind[] = ['BACKFILL', 'RECONCILE'];

interface Entry {
  integration: Integration;
  /** By our own clock, ms; Infinity: nothing is left to do. */
  dueAtMs: Record<LookBackKind, number>;
}

/** A request that was taken and of whose end nothing was heard: its collector died. */
const LOST_AFTER_MS = 60_000;
/** A slice that cannot do anything worth its while is not asked for. */
const WORTH_MS = 2_000;
/** Of the time until the next live poll, that the slice has ended by then. */
const SHARE = 0.7;

/**
 * Asks for slices of backfill and reconciliation in the time that the live polls leave. Whether there is anything to do stands in the
 * cursors, which only the collector understands: it is asked once after each start, and says when it is worth asking again.
 */
export class LookBacks {
  private readonly entries = new Map<IntegrationId, Entry>();

  constructor(private readonly speed: number) {}

  /** An integration as it stands now. One that became ACTIVE, that is to look back further, or whose filters changed is asked about at once. */
  set(integration: Integration, nowMs: number): void {
    const { integrationId, status } = integration;
    const known = this.entries.get(integrationId);
    if (status !== 'ACTIVE') this.entries.delete(integrationId);
    else if (known && !looksFurther(known.integration.settings, integration.settings))
      this.entries.set(integrationId, { ...known, integration });
    else
      this.entries.set(integrationId, {
        integration,
        dueAtMs: {
          BACKFILL: integration.settings.backfillDays > 0 ? nowMs : Infinity,
          RECONCILE: known?.dueAtMs.RECONCILE ?? nowMs,
        },
      });
  }

  ended({ kind, integrationId, endedAtLocal, askAgainInMs }: PollEnded): void {
    const entry = this.entries.get(integrationId);
    if (!entry || !kind || kind === 'LIVE') return;
    const waitMs = askAgainInMs === null ? Infinity : (askAgainInMs ?? 0) / this.speed;
    entry.dueAtMs[kind] = Date.parse(endedAtLocal) + waitMs;
  }

  /**
   * At most one request for each integration. `freeMs`: how long the live polls of its account and region leave us; `intervalMs`: how often
   * they come.
   */
  due(nowMs: number, live: (integration: Integration) => { freeMs: number; intervalMs: number }): PollRequest[] {
    return [...this.entries.values()].flatMap(({ integration, dueAtMs }) => {
      const kind = KINDS.find((one) => dueAtMs[one] <= nowMs);
      if (!kind) return [];
      const { freeMs, intervalMs } = live(integration);
      if (freeMs < Math.min(WORTH_MS, intervalMs / 4)) return [];
      return pollRequests([integration], nowMs).map((request) => ({
        ...request,
        kind,
        forMs: Math.floor(freeMs * SHARE),
      }));
    });
  }

  /** What became of a request: one that was taken is heard of again, or lost; where the subject was occupied it is tried again soon. */
  asked({ kind, integrationIds, forMs = 0 }: PollRequest, taken: boolean, nowMs: number): void {
    for (const id of integrationIds) {
      const entry = this.entries.get(id);
      if (entry && kind && kind !== 'LIVE') entry.dueAtMs[kind] = nowMs + (taken ? LOST_AFTER_MS + forMs : 250);
    }
  }
}

/** More days; or other filters, which may let in what was kept out. */
const looksFurther = (before: Settings, now: Settings): boolean =>
  now.backfillDays > before.backfillDays || JSON.stringify(now.filters) !== JSON.stringify(before.filters);
