import { fromUtf8 } from '@audital/chain/check';
import type { OrganisationId } from '@audital/contracts';
import type { VerifiedEvent } from '../domain/verify-event';
import type { ChainIndex } from './chain-index';

type Verify = (
  organisationId: OrganisationId,
  positions: readonly number[],
) => Promise<{ position: number; event: VerifiedEvent }[]>;

/** Each names up to a thousand positions. */
const READ_TOGETHER = 16;

/**
 * Which PAYLOAD_REDACTED events name a position. Each is read once, when somebody first asks, and what it names goes into the index; an
 * answer is believed only as far as the event that it leads to verifies now.
 */
export class Redactions {
  private readonly reading = new Map<OrganisationId, Promise<void>>();

  constructor(private readonly o: { index: ChainIndex; verify: Verify }) {}

  /** The id of the first that verifies and was sealed later; null: what is missing at the position was not redacted. */
  async naming(organisationId: OrganisationId, position: number): Promise<string | null> {
    await this.readNew(organisationId);
    const found = this.o.index.redactionsNaming(organisationId, position);
    const events = await this.o.verify(organisationId, found);
    const naming = events.find(({ event }) => event.verified && namedBy(event)?.includes(position));
    return naming?.event.record?.id ?? null;
  }

  private readNew(organisationId: OrganisationId): Promise<void> {
    const running = this.reading.get(organisationId);
    if (running) return running;
    const started = this.readOn(organisationId).finally(() => this.reading.delete(organisationId));
    this.reading.set(organisationId, started);
    return started;
  }

  /** One whose own payload cannot be read holds the place: it is read again the next time, and what follows it too. */
  private async readOn(organisationId: OrganisationId): Promise<void> {
    const { index } = this.o;
    let isWhole = true;
    for (let after = index.redactionsReadTo(organisationId); ;) {
      const filter = { eventType: ['PAYLOAD_REDACTED'], source: ['AUDITAL'] };
      const query = { organisationId, filter, order: 'ASC', after, below: null, limit: READ_TOGETHER } as const;
      const page = index.find(query);
      for (const { position, event } of await this.o.verify(organisationId, page)) {
        const named = namedBy(event);
        isWhole &&= named !== null;
        // The names first: dying in between, they are written again.
        index.noteRedaction(organisationId, position, named ?? []);
        if (isWhole) index.keepRedactionsReadTo(organisationId, position);
      }
      if (page.length < READ_TOGETHER) return;
      after = page.at(-1) as number;
    }
  }
}

/** Null when its payload is not there, or not the one that was sealed. */
function namedBy({ record, payload }: VerifiedEvent): unknown[] | null {
  if (record?.eventType !== 'PAYLOAD_REDACTED' || record.source !== 'AUDITAL' || payload === null) return null;
  const { positions } = JSON.parse(fromUtf8(payload.bytes)) as { positions?: unknown };
  return Array.isArray(positions) ? positions : [];
}
