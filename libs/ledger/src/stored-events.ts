import {
  Corrupt,
  decodeJson,
  ledgerStreams,
  type OrganisationId,
  type RecordMetadata,
  SALT_BYTES,
  type StoredPayload,
} from '@audital/contracts';
import { type Ledger, type StoredEvent, StreamDeleted } from './ledger';

/** Neighbours that lie no further apart are read together. */
const GAP_MAX = 8;
const RUN_MAX = 200;
const GENERATIONS_MAX = 1000;

/** Reads records and payloads from the ledger, each time anew: what it answers is what is stored now. It believes nothing that it reads. */
export class StoredEvents {
  /** Which generation of a segment stood last: where the next read begins. */
  private readonly generations = new Map<string, number>();

  constructor(private readonly ledger: Ledger) {}

  /** The stored records at these positions; what is missing or unreadable is left out. */
  async records(organisationId: OrganisationId, positions: readonly number[]): Promise<Map<number, StoredEvent>> {
    const found = new Map<number, StoredEvent>();
    const stream = ledgerStreams.chain(organisationId);
    for (const run of runsOf(positions)) {
      for (const event of await readRun(this.ledger, stream, run)) found.set(event.revision, event);
    }
    return found;
  }

  async payload(organisationId: OrganisationId, record: StoredEvent): Promise<StoredPayload> {
    return (await this.payloads(organisationId, [record])).get(record.revision) as StoredPayload;
  }

  /** The payload of each of these records, by its position. */
  async payloads(organisationId: OrganisationId, records: readonly StoredEvent[]): Promise<Map<number, StoredPayload>> {
    const payloads = new Map<number, StoredPayload>();
    const bySegment = new Map<number, { position: number; revision: number }[]>();
    for (const record of records) {
      const place = placeOf(record);
      if (place === null)
        payloads.set(record.revision, {
          state: 'UNREADABLE',
          why: 'The record’s metadata, which says where its payload lies, cannot be read.',
          data: null,
        });
      else
        bySegment.set(place.segment, [
          ...(bySegment.get(place.segment) ?? []),
          { position: record.revision, revision: place.revision },
        ]);
    }
    for (const [segment, wanted] of bySegment) {
      const entries = await this.segmentEntries(
        organisationId,
        segment,
        wanted.map(({ revision }) => revision),
      );
      for (const { position, revision } of wanted) payloads.set(position, payloadOf(entries.get(revision)));
    }
    return payloads;
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
        // A redaction moved the segment's other entries to its next generation before it deleted this one.
        if (!(error instanceof StreamDeleted)) throw error;
      }
    }
    return new Map();
  }
}

interface Run {
  from: number;
  to: number;
}

/** Which ranges to read so that all positions are in them. */
function runsOf(positions: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const position of [...new Set(positions)].filter((one) => one >= 0).sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && position - last.to <= GAP_MAX && position - last.from < RUN_MAX) last.to = position;
    else runs.push({ from: position, to: position });
  }
  return runs;
}

/** The events from one revision to another, both included. Where the store cannot read a page, its good places are found one by one. */
export async function readRun(ledger: Ledger, stream: string, run: Run): Promise<StoredEvent[]> {
  try {
    const events = await ledger.read(stream, { from: run.from, limit: run.to - run.from + 1 });
    return events.filter((event) => event.revision <= run.to);
  } catch (error) {
    if (!(error instanceof Corrupt)) throw error;
    if (run.from === run.to) return [];
    const middle = Math.floor((run.from + run.to) / 2);
    return [
      ...(await readRun(ledger, stream, { from: run.from, to: middle })),
      ...(await readRun(ledger, stream, { from: middle + 1, to: run.to })),
    ];
  }
}

function placeOf(record: StoredEvent): { segment: number; revision: number } | null {
  try {
    const { segment, revision } = decodeJson<Partial<RecordMetadata>>(record.metadata);
    const right =
      Number.isSafeInteger(segment) && Number.isSafeInteger(revision) && Number(segment) >= 0 && Number(revision) >= 0;
    return right ? { segment: Number(segment), revision: Number(revision) } : null;
  } catch {
    return null;
  }
}

function payloadOf(entry: StoredEvent | undefined): StoredPayload {
  if (entry === undefined || entry.data.length === 0) return { state: 'ABSENT' };
  if (entry.data.length < SALT_BYTES)
    return {
      state: 'UNREADABLE',
      why: 'The stored payload was changed: it is shorter than its salt.',
      data: entry.data,
    };
  return { state: 'PRESENT', salt: entry.data.slice(0, SALT_BYTES), bytes: entry.data.slice(SALT_BYTES) };
}
