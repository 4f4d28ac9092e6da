import type { Sha256 } from '@audital/chain/check';
import { MissingTile } from '@audital/chain/write';
import type { OrganisationId, StoredPayload } from '@audital/contracts';
import type { StoredEvent, StoredEvents } from '@audital/ledger';
import { type EventView, eventView } from '../domain/event-view';
import { isGenuine, type Placement, type Trust, type VerifiedEvent, verifyEvent } from '../domain/verify-event';
import type { ChainIndex } from './chain-index';
import type { Log } from './log';
import { Redactions } from './redactions';
import type { TrustKeeper } from './trust-keeper';

export interface EventReaderOptions {
  stored: StoredEvents;
  index: ChainIndex;
  trust: TrustKeeper;
  sha256: Sha256;
  originOf: (organisationId: OrganisationId) => string;
  now: () => Date;
  /** A stored event that does not verify is an alarm, not only a field. */
  onFailed: () => void;
  log: Log;
}

export interface ReadEvent {
  position: number;
  event: VerifiedEvent;
  /** The stored bytes as they were read, whether they verify or not. */
  stored: { record: Uint8Array | null; payload: StoredPayload };
}

const ALARMS_MAX = 10_000;

/** Reads events from the ledger and verifies each for this very answer (DESIGN §4). */
export class EventReader {
  private readonly alarmed = new Set<string>();
  private readonly redactions: Redactions;

  constructor(private readonly o: EventReaderOptions) {
    // Of a redaction nothing is ever redacted.
    const verify = (organisationId: OrganisationId, positions: readonly number[]): Promise<ReadEvent[]> =>
      this.verify(organisationId, positions, () => Promise.resolve(null));
    this.redactions = new Redactions({ index: o.index, verify });
  }

  /** In the order of `positions`. */
  async read(organisationId: OrganisationId, positions: readonly number[]): Promise<ReadEvent[]> {
    return this.verify(organisationId, positions, (position) => this.redactions.naming(organisationId, position));
  }

  async views(organisationId: OrganisationId, positions: readonly number[]): Promise<EventView[]> {
    const events = await this.read(organisationId, positions);
    return events.map(({ position, event }) => eventView(organisationId, position, event));
  }

  /** Where the tree under the kept checkpoint has the position; null when it is not under one that is trusted, or a tile is damaged. */
  placementUnder(organisationId: OrganisationId, position: number): Placement | null {
    return this.placement(organisationId, position, this.o.trust.trust(organisationId));
  }

  private async verify(
    organisationId: OrganisationId,
    positions: readonly number[],
    redactedBy: (position: number) => Promise<string | null>,
  ): Promise<ReadEvent[]> {
    const { stored, trust: keeper } = this.o;
    const records = await stored.records(
      organisationId,
      positions.flatMap((position) => [position - 1, position]),
    );
    const wanted = positions.flatMap((position) => records.get(position) ?? []);
    const payloads = await stored.payloads(organisationId, wanted);
    const trust = keeper.trust(organisationId);
    const events: ReadEvent[] = [];
    for (const position of positions) {
      const payload = payloads.get(position) ?? { state: 'ABSENT' };
      const isGone = payload.state === 'ABSENT' && records.has(position);
      const by = isGone ? await redactedBy(position) : null;
      events.push(this.verifyOne({ organisationId, position, records, payload, trust, redactedBy: by }));
    }
    return events;
  }

  private verifyOne(at: {
    organisationId: OrganisationId;
    position: number;
    records: Map<number, StoredEvent>;
    payload: StoredPayload;
    trust: Trust;
    redactedBy: string | null;
  }): ReadEvent {
    const { organisationId, position, records, payload, trust, redactedBy } = at;
    const record = records.get(position)?.data ?? null;
    const evidence = { position, record, before: records.get(position - 1)?.data ?? null, payload };
    const placement = this.placement(organisationId, position, trust);
    const checkedAt = this.o.now().toISOString();
    const origin = this.o.originOf(organisationId);
    const event = verifyEvent(this.o.sha256, { origin, evidence, trust, placement, redactedBy, checkedAt });
    if (event.verification.status === 'failed') this.alarm(organisationId, position, event.verification.reason);
    return { position, event, stored: { record, payload } };
  }

  private placement(organisationId: OrganisationId, position: number, trust: Trust): Placement | null {
    if (trust.state !== 'TRUSTED' || position >= trust.checkpoint.size) return null;
    try {
      const { size, root } = trust.checkpoint;
      const tree = this.o.index.tree(organisationId);
      const placement = { leaf: tree.leaf(position), proof: tree.inclusionProof(position, size) };
      if (isGenuine(this.o.sha256, placement, { index: position, size, root })) return placement;
      this.o.trust.suspectTiles(organisationId);
      return null;
    } catch (error) {
      if (!(error instanceof MissingTile)) throw error;
      this.o.trust.suspectTiles(organisationId);
      return null;
    }
  }

  private alarm(organisationId: OrganisationId, position: number, reason: string | null): void {
    const key = `${organisationId} ${position} ${reason}`;
    if (this.alarmed.has(key)) return;
    if (this.alarmed.size >= ALARMS_MAX) this.alarmed.clear();
    this.alarmed.add(key);
    this.o.onFailed();
    this.o.log.error({ organisationId, position, reason }, 'A stored event does not verify.');
  }
}
