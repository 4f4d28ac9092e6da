import { decodeJson, type OrganisationId, type PendingErasure, type StreamName, subjects } from '@audital/contracts';
import type { Bus, ScannedMessage } from '@audital/messaging';

/** One event of which no copy may stay. */
export interface ErasedEvent {
  id: string;
  eventType: string;
  source: string;
  recordedAt: string;
}

/** The copies that lie outside the ledger. Erasing them again is harmless; what could not be erased is said. */
export interface Copies {
  erase(events: ErasedEvent[], isErased: (fact: string) => boolean): Promise<PendingErasure[]>;
}

/** The broker's clock may go after ours by so much. */
const CLOCKS_APART_MS = 60 * 60_000;

/** AUDIT, where the relay has told the events, and DEAD, where an observation may lie that was sealed since. */
export class BrokerCopies implements Copies {
  constructor(
    private readonly organisationId: OrganisationId,
    private readonly bus: Bus,
    private readonly auditRetentionMs: number,
    private readonly now: () => Date,
  ) {}

  async erase(events: ErasedEvent[], isErased: (fact: string) => boolean): Promise<PendingErasure[]> {
    const pending: PendingErasure[] = [];
    const attempt = async (where: 'AUDIT' | 'DEAD', work: () => Promise<void>): Promise<void> => {
      await work().catch((error: unknown) => pending.push({ where, reason: (error as Error).message }));
    };
    await attempt('AUDIT', () => this.eraseTold(events));
    await attempt('DEAD', () => this.eraseDead(isErased));
    return pending;
  }

  private async eraseTold(events: ErasedEvent[]): Promise<void> {
    const oldest = Math.min(...events.map(({ recordedAt }) => Date.parse(recordedAt)));
    const newest = Math.max(...events.map(({ recordedAt }) => Date.parse(recordedAt)));
    // What AUDIT's retention has dropped need not be looked for.
    if (newest < this.now().getTime() - this.auditRetentionMs - CLOCKS_APART_MS) return;
    const kinds = new Set(events.map(({ source, eventType }) => `${source} ${eventType}`));
    const [first] = events as [ErasedEvent];
    const subject =
      kinds.size === 1
        ? subjects.audit(this.organisationId, first.source, first.eventType)
        : subjects.auditOf(this.organisationId);
    const ids = new Set(events.map(({ id }) => id));
    const since = new Date(oldest - CLOCKS_APART_MS).toISOString();
    // Told at least once: all of them are looked for.
    await this.eraseWhere('AUDIT', { subject, since, headersOnly: true }, ({ messageId }) => ids.has(messageId));
  }

  private async eraseDead(isErased: (fact: string) => boolean): Promise<void> {
    const observations = { subject: subjects.dead(`observation.${this.organisationId}`) };
    await this.eraseWhere('DEAD', observations, ({ data }) => factsIn([bodyOf(data)]).some(isErased));
    const parts = { subject: subjects.dead(`work.seal.*.${this.organisationId}`) };
    await this.eraseWhere('DEAD', parts, ({ data }) => {
      const body = bodyOf(data) as { observations?: unknown } | null;
      return Array.isArray(body?.observations) && factsIn(body.observations).some(isErased);
    });
  }

  private async eraseWhere(
    stream: StreamName,
    scan: { subject: string; since?: string; headersOnly?: boolean },
    matches: (message: ScannedMessage) => boolean,
  ): Promise<void> {
    const found: number[] = [];
    for await (const message of this.bus.scan(stream, scan)) if (matches(message)) found.push(message.seq);
    // Dying between two of them, the redaction is not done, and the next start looks for all of them again.
    for (const seq of found) await this.bus.erase(stream, seq);
  }
}

/** A dead letter may be anything. */
function bodyOf(data: Uint8Array): unknown {
  try {
    return decodeJson(data);
  } catch {
    return null;
  }
}

const factsIn = (observations: unknown[]): string[] =>
  observations.flatMap((one) => {
    const fact = (one as { fact?: unknown } | null)?.fact;
    return typeof fact === 'string' ? [fact] : [];
  });
