import type { StoredEntry } from '@audital/chain/check';
import {
  Corrupt,
  decodeJson,
  ledgerStreams,
  type OrganisationId,
  type RecordMetadata,
  SALT_BYTES,
} from '@audital/contracts';
import { type Ledger, type StoredEvent, StreamDeleted } from '@audital/ledger';

/** Records in one page: at the largest payloads 26 MB. */
const PAGE = 100;
/** Entries of a segment that are read at once. */
const RUN_MAX = 2 * PAGE;
const GENERATIONS_MAX = 1000;

/** Reads chains from the ledger, values and all, and believes nothing that it reads. */
export class StoredChain {
  /** Which generation of a segment stood last: where the next read begins. */
  private readonly generations = new Map<string, number>();

  constructor(private readonly ledger: Ledger) {}

  /** Every record from a revision on with its payload, page by page, until the end of the stream as it is then. */
  async *pages(organisationId: OrganisationId, from: number): AsyncGenerator<StoredEntry[]> {
    const total = await this.total(organisationId);
    for (let next: number | null = from; next !== null;) {
      const page: Page = await this.readPage(ledgerStreams.chain(organisationId), next, total);
      if (page.events.length > 0) yield await this.withPayloads(organisationId, page.events);
      next = page.next;
    }
  }

  async total(organisationId: OrganisationId): Promise<number> {
    return (await this.ledger.lastRevision(ledgerStreams.chain(organisationId))) + 1;
  }

  /** The newest note of the log, as text; null when there is none. Bytes that are no text are no note either. */
  async newestNote(organisationId: OrganisationId): Promise<string | null> {
    const [newest] = await this.ledger.read(ledgerStreams.checkpoint(organisationId), {
      direction: 'backwards',
      limit: 1,
    });
    return newest ? new TextDecoder().decode(newest.data) : null;
  }

  /** Where the store cannot read, it is asked place by place, so that one bad place hides no other. */
  private async readPage(stream: string, from: number, total: number): Promise<Page> {
    try {
      const events = await this.ledger.read(stream, { from, limit: PAGE });
      return { events, next: events.length === 0 ? null : (events.at(-1) as StoredEvent).revision + 1 };
    } catch (error) {
      if (!(error instanceof Corrupt)) throw error;
      const events = await readRun(this.ledger, stream, { from, to: from + PAGE - 1 });
      return { events, next: from + PAGE < total ? from + PAGE : null };
    }
  }

  private async withPayloads(organisationId: OrganisationId, events: StoredEvent[]): Promise<StoredEntry[]> {
    const places = events.map(placeOf);
    const bySegment = Map.groupBy(
      places.filter((place) => place !== null),
      ({ segment }) => segment,
    );
    const entries = new Map<number, Map<number, StoredEvent>>();
    for (const [segment, some] of bySegment) {
      const revisions = some.map(({ revision }) => revision);
      entries.set(segment, await this.segmentEntries(organisationId, segment, revisions));
    }
    return events.map(({ revision, data }, index) => {
      const place = places[index];
      const entry = place ? entries.get(place.segment)?.get(place.revision) : undefined;
      return { revision, data, payload: payloadOf(entry) };
    });
  }

  private async segmentEntries(
    organisationId: OrganisationId,
    segment: number,
    revisions: number[],
  ): Promise<Map<number, StoredEvent>> {
    const key = `${organisationId} ${segment}`;
    for (let generation = this.generations.get(key) ?? 1; generation <= GENERATIONS_MAX; generation += 1) {
      const stream = ledgerStreams.payload(organisationId, segment, generation);
      try {
        const found = new Map<number, StoredEvent>();
        for (const run of runsOf(revisions))
          for (const event of await readRun(this.ledger, stream, run)) found.set(event.revision, event);
        this.generations.set(key, generation);
        return found;
      } catch (error) {
        // A redaction copied the segment's other entries to its next generation before it deleted this one.
        if (!(error instanceof StreamDeleted)) throw error;
      }
    }
    return new Map();
  }
}

interface Page {
  events: StoredEvent[];
  /** Null: nothing stands behind it. */
  next: number | null;
}

interface Run {
  from: number;
  to: number;
}

/** Which ranges to read so that all revisions are in them, whatever the metadata says. */
function runsOf(revisions: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const revision of [...new Set(revisions)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && revision - last.to <= 8 && revision - last.from < RUN_MAX) last.to = revision;
    else runs.push({ from: revision, to: revision });
  }
  return runs;
}

async function readRun(ledger: Ledger, stream: string, run: Run): Promise<StoredEvent[]> {
  try {
    const events = await ledger.read(stream, { from: run.from, limit: run.to - run.from + 1 });
    return events.filter(({ revision }) => revision <= run.to);
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    if (run.from >= run.to) return [];
    const middle = Math.floor((run.from + run.to) / 2);
    return [
      ...(await readRun(ledger, stream, { from: run.from, to: middle })),
      ...(await readRun(ledger, stream, { from: middle + 1, to: run.to })),
    ];
  }
}

function placeOf(record: StoredEvent): { segment: number; revision: number } | null {
  try {
    const { segment, revision } = decodeJson<RecordMetadata>(record.metadata);
    const isRight = [segment, revision].every((value) => Number.isSafeInteger(value) && value >= 0);
    return isRight ? { segment, revision } : null;
  } catch {
    return null;
  }
}

/** An entry without data was redacted. One that is shorter than its salt was changed, and matches no record. */
function payloadOf(entry: StoredEvent | undefined): StoredEntry['payload'] {
  if (entry === undefined || entry.data.length === 0) return null;
  return { salt: entry.data.subarray(0, SALT_BYTES), bytes: entry.data.subarray(SALT_BYTES) };
}
