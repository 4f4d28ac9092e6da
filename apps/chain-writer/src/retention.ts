import { ledgerStreams, type OrganisationId, RETENTION, Unavailable } from '@audital/contracts';
import { type Ledger, readAll, type StoredEvent } from '@audital/ledger';
import { decideRetention, type NamedEvent, retentionEnd } from './domain/redaction';
import { isGone } from './erase-entries';
import { placeOf, type Redactor } from './redactor';

export interface RetentionOptions {
  ledger: Ledger;
  redactor: Redactor;
  now: () => Date;
}

const RUN_EVERY_MS = 60 * 60_000;
const READ_TOGETHER = 250;

/** Lets payloads go, segment by segment, that are older than their organisation's retention; and has what was begun finished. */
export class Retention {
  private lastRunMs: number | null = null;
  private running: Promise<void> | null = null;
  /** Segments before this one were seen to be done. Only a saving: it begins at the first after every start. */
  private nextPosition = 0;

  constructor(
    private readonly organisationId: OrganisationId,
    private readonly o: RetentionOptions,
  ) {}

  /** To be called every few seconds: finishes redactions, and looks once an hour whether the retention of a segment has ended. */
  tick(): Promise<void> {
    this.running ??= this.once().finally(() => (this.running = null));
    return this.running;
  }

  /** Answers the positions that went. */
  async run(): Promise<number[]> {
    const went: number[] = [];
    for (;;) {
      const gone = await this.o.redactor.inLine(() => this.nextSegment());
      if (gone === null) return went;
      went.push(...gone);
    }
  }

  private async once(): Promise<void> {
    await this.o.redactor.resume();
    const nowMs = this.o.now().getTime();
    if (this.lastRunMs !== null && Math.abs(nowMs - this.lastRunMs) < RUN_EVERY_MS) return;
    this.lastRunMs = nowMs;
    await this.run().catch((error: unknown) => {
      // Another writer or a busy store: the next hour sees the same segments.
      if (!(error instanceof Unavailable)) throw error;
    });
  }

  /** Null when nothing is old enough, or a hold keeps it. Dying after the record was sealed, the next load finishes it. */
  private async nextSegment(): Promise<number[] | null> {
    const { redactor, now } = this.o;
    const at = now().toISOString();
    const policy = await redactor.policy();
    const retentionDays = policy?.retentionDays ?? RETENTION.defaultDays;
    const holds = policy?.holds ?? [];
    const records = await this.segmentFrom(this.nextPosition, retentionEnd(retentionDays, at));
    const first = records?.[0];
    if (!records || !first || holds.length > 0) return null;
    const entries = await Promise.all(records.map((stored) => this.entryOf(stored)));
    // Its last entry may have gone by a request since: the positions that are left name the run.
    const left = entries.find((one) => !one.isGone)?.position ?? first.revision;
    const requestId = `retention ${first.revision} ${left}`;
    const observation = decideRetention({ retentionDays, holds, entries, requestId, now: at });
    const end = first.revision + records.length;
    if (observation === null) {
      this.nextPosition = end;
      return [];
    }
    const { redacted } = await redactor.finish(await redactor.seal(observation));
    this.nextPosition = end;
    return redacted;
  }

  /** All records of the segment of `position`, when they are older than `end` and another segment has followed; else null. */
  private async segmentFrom(position: number, end: string): Promise<StoredEvent[] | null> {
    const records: StoredEvent[] = [];
    // A full segment is as long as the longest page: the record that follows it comes with the next one.
    for await (const stored of readAll(
      this.o.ledger,
      ledgerStreams.chain(this.organisationId),
      position,
      READ_TOGETHER,
    )) {
      const { record, segment } = placeOf(stored);
      const [first] = records;
      if (first && placeOf(first).segment !== segment) return records;
      if (record.recordedAt > end) return null;
      records.push(stored);
    }
    return null;
  }

  private async entryOf(stored: StoredEvent): Promise<NamedEvent> {
    const place = placeOf(stored);
    const { position, record } = place;
    return { position, record, isGone: await isGone(this.o.ledger, this.organisationId, place) };
  }
}
