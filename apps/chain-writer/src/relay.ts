import {
  type AuditEvent,
  type EventId,
  type IntegrationId,
  ledgerStreams,
  type ModelId,
  type OrganisationId,
  subjects,
} from '@audital/contracts';
import type { Ledger, StoredEvent } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { Logger } from '@audital/service';
import type { KeptCheckpoint } from './adapters/checkpoint-store';
import { type ReadEvent, readEvent } from './stored-event';
import { hashText, leafHash } from '@audital/chain/check';
import { sha256 } from './adapters/keys';

const PAGE = 100;
const RETRY_MS_MAX = 10_000;

export interface RelayOptions {
  ledger: Ledger;
  bus: Bus;
  log: Logger;
  /** By which key a checkpoint is told to be verified. */
  keyIdOf: (checkpoint: KeptCheckpoint) => string;
  /** The id of the PAYLOAD_REDACTED event that names a position, or null. */
  redactedBy: (position: number) => Promise<string | null>;
  /** How long AUDIT keeps a message. */
  auditRetentionMs: number;
  now: () => Date;
}

/**
 * Tells subscribers what lies under a published checkpoint, in order, at least once (DESIGN §8.9). Its place is the last message that
 * AUDIT holds of the organisation, so it has no memory of its own to lose. It never holds up sealing.
 */
export class Relay {
  private newest: KeptCheckpoint | null = null;
  /** The checkpoint that subscribers have still to hear of. */
  private untold: KeptCheckpoint | null = null;
  private next: number | null = null;
  private running = false;
  private closed = false;
  private retryMs = 100;

  constructor(
    private readonly organisationId: OrganisationId,
    private readonly o: RelayOptions,
  ) {}

  /** A checkpoint was published, for the first time or once more: everything under it is told, then it. */
  follow(checkpoint: KeptCheckpoint): void {
    this.newest = checkpoint;
    this.untold = checkpoint;
    void this.kick();
  }

  /** The broker came back, maybe empty: the place is looked up again. */
  lookAgain(): void {
    this.next = null;
    void this.kick();
  }

  close(): void {
    this.closed = true;
  }

  private async kick(): Promise<void> {
    if (this.running || this.closed) return;
    this.running = true;
    try {
      while (!this.closed && this.newest && (this.untold || (this.next ?? 0) < this.newest.size))
        await this.tell(this.newest);
      this.retryMs = 100;
    } catch (error) {
      this.next = null;
      this.o.log.warn(
        { organisationId: this.organisationId, reason: (error as Error).message, delayMs: this.retryMs },
        'events are told to subscribers later',
      );
      setTimeout(() => void this.kick(), this.retryMs).unref();
      this.retryMs = Math.min(this.retryMs * 2, RETRY_MS_MAX);
    } finally {
      this.running = false;
    }
  }

  private async tell(checkpoint: KeptCheckpoint): Promise<void> {
    const { bus, ledger } = this.o;
    const from = this.next ?? (await this.place());
    const page = await ledger.read(ledgerStreams.chain(this.organisationId), {
      from: Math.max(from - 1, 0),
      limit: PAGE + 1,
    });
    const before = page.find(({ revision }) => revision === from - 1);
    let previous = before ? hashText(leafHash(sha256, before.data)) : null;
    for (const stored of page.filter(({ revision }) => revision >= from && revision < checkpoint.size)) {
      const event = await this.event(stored, previous, checkpoint);
      await bus.publish(subjects.audit(this.organisationId, event.source, event.eventType), event, {
        messageId: event.id,
        headers: cloudEvent(event),
      });
      // Dying here, the next process goes on after the last message that AUDIT has.
      previous = event.blockHash;
      this.next = stored.revision + 1;
    }
    if (this.next === null) this.next = from;
    if (this.next < checkpoint.size) return;
    // Dying here, or when the checkpoint is told, the next start publishes the newest note: it is told again.
    const body = { organisationId: this.organisationId, size: checkpoint.size, note: checkpoint.note };
    // Twice within the broker's window of duplicates is once; after ten minutes of silence it is told again.
    const messageId = `${this.organisationId}:checkpoint:${checkpoint.size}`;
    await bus.publish(subjects.checkpoint(this.organisationId), body, { messageId });
    if (this.untold === checkpoint) this.untold = null;
  }

  /** After the last message that AUDIT has; with none, the oldest event that its retention would still hold. */
  private async place(): Promise<number> {
    const last = await this.o.bus.lastMessage('AUDIT', subjects.auditOf(this.organisationId));
    if (last) return (last.body as AuditEvent).chainPosition + 1;
    const oldest = new Date(this.o.now().getTime() - this.o.auditRetentionMs).toISOString();
    let from = this.newest?.size ?? 0;
    while (from > 0) {
      const page = await this.o.ledger.read(ledgerStreams.chain(this.organisationId), {
        from: from - 1,
        direction: 'backwards',
        limit: PAGE,
      });
      const kept = page.filter(
        ({ data }) => (JSON.parse(new TextDecoder().decode(data)) as { recordedAt: string }).recordedAt >= oldest,
      );
      from -= kept.length;
      if (kept.length < page.length || page.length === 0) break;
    }
    return from;
  }

  private async event(stored: StoredEvent, previous: string | null, checkpoint: KeptCheckpoint): Promise<AuditEvent> {
    const read = await readEvent(this.o.ledger, this.organisationId, stored);
    const linked = previous === null || read.record.prevHash === previous;
    const { size: checkpointSize } = checkpoint;
    const check = { checkpointSize, checkedAt: this.o.now().toISOString(), keyId: this.o.keyIdOf(checkpoint) };
    const failed = (reason: string): Judgement => ({ level: 'stored', status: 'failed', reason });
    if (!linked)
      return toAuditEvent(this.organisationId, read, { ...check, ...failed('the record before it was changed') });
    return toAuditEvent(this.organisationId, read, { ...check, ...(await this.judge(read, failed)) });
  }

  private async judge(read: ReadEvent, failed: (reason: string) => Judgement): Promise<Judgement> {
    if (read.payloadProblem === null) return { level: 'included', status: 'ok', reason: null };
    const by = read.isMissing ? await this.o.redactedBy(read.record.chainPosition) : null;
    if (by === null) return failed(read.payloadProblem);
    return { level: 'included', status: 'redacted', reason: `The payload was redacted by ${by}; the record stands.` };
  }
}

type Judgement = Pick<AuditEvent['verification'], 'level' | 'status' | 'reason'>;

function toAuditEvent(
  organisationId: OrganisationId,
  { record, blockHash, payload }: ReadEvent,
  verification: AuditEvent['verification'],
): AuditEvent {
  return {
    id: record.id as EventId,
    chainPosition: record.chainPosition,
    blockHash,
    previousHash: record.prevHash,
    timestamp: record.timestamp,
    eventType: record.eventType,
    source: record.source,
    severity: record.severity as AuditEvent['severity'],
    modelId: record.modelId as ModelId | null,
    organisationId,
    integrationId: record.integrationId as IntegrationId | null,
    actor: record.actor as AuditEvent['actor'],
    payload,
    tags: record.tags,
    observedAt: record.observedAt,
    recordedAt: record.recordedAt,
    captureMode: record.captureMode as AuditEvent['captureMode'],
    verified: verification.status === 'ok',
    verification,
  };
}

/** CloudEvents 1.0 in binary mode: attributes as `ce-` headers, percent-encoded (NATS protocol binding 1.0.3). */
function cloudEvent(event: AuditEvent): Record<string, string> {
  const attributes: Record<string, string> = {
    specversion: '1.0',
    id: event.id,
    source: `/organisations/${event.organisationId}/${event.source}`,
    type: `ai.audital.${event.eventType}`,
    time: event.timestamp,
    datacontenttype: 'application/json',
    chainposition: String(event.chainPosition),
    blockhash: event.blockHash,
    previoushash: event.previousHash,
    organisationid: event.organisationId,
    severity: event.severity,
  };
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      `ce-${name}`,
      value.replaceAll(/[^\x21\x23\x24\x26-\x7e]/g, (c) => encodeURIComponent(c)),
    ]),
  );
}
