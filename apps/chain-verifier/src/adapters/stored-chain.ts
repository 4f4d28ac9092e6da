import type { StoredEntry } from '@audital/chain/check';
import { Corrupt, ledgerStreams, type OrganisationId, type StoredPayload } from '@audital/contracts';
import { type Ledger, readRun, type StoredEvent, StoredEvents } from '@audital/ledger';

/** Records in one page: at the largest payloads 26 MB. */
const PAGE = 100;

/** Reads chains from the ledger, values and all, and believes nothing that it reads. */
export class StoredChain {
  private readonly stored: StoredEvents;

  constructor(private readonly ledger: Ledger) {
    this.stored = new StoredEvents(ledger);
  }

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
    const payloads = await this.stored.payloads(organisationId, events);
    return events.map(({ revision, data }) => ({ revision, data, payload: payloadOf(payloads.get(revision)) }));
  }
}

interface Page {
  events: StoredEvent[];
  /** Null: nothing stands behind it. */
  next: number | null;
}

const NOTHING = new Uint8Array(0);

/** An entry that is shorter than its salt was changed, and matches no record. */
function payloadOf(stored: StoredPayload | undefined): StoredEntry['payload'] {
  if (stored?.state === 'PRESENT') return stored;
  return stored?.state === 'UNREADABLE' && stored.data ? { salt: stored.data, bytes: NOTHING } : null;
}
