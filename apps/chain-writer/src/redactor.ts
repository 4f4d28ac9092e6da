import { type ChainRecord, parseRecord } from '@audital/chain/check';
import {
  Conflict,
  Corrupt,
  decodeJson,
  type EventId,
  evolveOrganisation,
  facts,
  identityOf,
  type JsonObject,
  ledgerStreams,
  type Observation,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
  type PendingErasure,
  type RecordMetadata,
  type RedactionPayload,
  type RedactReply,
  type RedactRequest,
  Rejected,
  type SealRequest,
  Unavailable,
} from '@audital/contracts';
import { type Ledger, readAll, type StoredEvent } from '@audital/ledger';
import type { Copies } from './adapters/broker-copies';
import type { IdentityIndex } from './adapters/identity-index';
import type { Identity } from './domain/identity';
import { checkRedactRequest, decideRedaction, type NamedEvent } from './domain/redaction';
import { eraseEntries, isGone } from './erase-entries';
import type { Turn } from './in-turn';
import { openSegment } from './load-chain';
import { readEvent } from './stored-event';

export interface RedactorOptions {
  ledger: Ledger;
  index: IdentityIndex;
  identity: Identity;
  writer: { inTurn: (work: (turn: Turn) => Promise<void>) => Promise<void> };
  copies: Copies;
  now: () => Date;
  onTrouble: (reason: string) => void;
}

/** Where the payload of a position lies. */
interface Place {
  position: number;
  record: ChainRecord;
  segment: number;
  revision: number;
}

/**
 * One organisation's redactions, one after the other. First the chain says what is to go (sealed, signed); from then on it goes, whatever
 * dies: what a PAYLOAD_REDACTED record names and is not erased yet is found at every load, and finished by the same code.
 */
export class Redactor {
  private line: Promise<unknown> = Promise.resolve();
  private resuming = false;
  /** The last redaction that somebody asked after: its neighbours are asked after next. */
  private asked: { id: string; positions: ReadonlySet<number> } | null = null;

  constructor(
    private readonly organisationId: OrganisationId,
    private readonly o: RedactorOptions,
  ) {}

  /** Throws Rejected, Unavailable. What could not be erased yet is in `pending`, and is tried again. */
  redact(request: RedactRequest): Promise<RedactReply> {
    checkRedactRequest(request);
    return this.inLine(async () => {
      await this.loaded();
      const standing = this.find(facts.payloadRedacted(request.requestId));
      if (standing !== null) return this.repeated(request, standing);
      const named = await this.named(request);
      const context = { named, holds: await this.holds(), now: this.o.now().toISOString() };
      const position = await this.seal(decideRedaction(request, context));
      return this.finish(position);
    });
  }

  /** Goes on with what is not done; to be called at the start, and every few seconds. */
  resume(): Promise<void> {
    if (this.resuming || this.o.index.redactions(this.organisationId, 'undone').length === 0) return Promise.resolve();
    this.resuming = true;
    const work = async (): Promise<void> => {
      for (const position of this.o.index.redactions(this.organisationId, 'undone')) await this.finish(position);
    };
    return this.inLine(work)
      .catch((error: unknown) => this.o.onTrouble((error as Error).message))
      .finally(() => (this.resuming = false));
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.line.catch(() => undefined);
  }

  /** Seals a PAYLOAD_REDACTED and signs it. Dying after this, the record says what is to go and where new payloads go. */
  async seal(observation: Observation): Promise<number> {
    const { positions } = observation.payload as unknown as RedactionPayload;
    const segments = new Set((await this.places(positions)).map(({ segment }) => segment));
    const request: SealRequest = {
      ...{ v: 1, organisationId: this.organisationId, integrationId: null },
      observations: [observation],
      cursor: null,
    };
    await this.o.writer.inTurn(async ({ state, seal, sign }) => {
      // In one batch with the record: whoever loads the chain finds the open segment by it, and appends nothing more to one of these.
      const next = segments.has(state.segment)
        ? await openSegment(this.o.ledger, this.organisationId, state.segment + 1)
        : {};
      await seal({ ...state, ...next }, request);
      const position = this.find(observation.fact);
      // Dying before the index has it, the next load finds the record: no stamp is set beyond it yet.
      if (position !== null) this.o.index.noteRedaction(this.organisationId, position);
      await sign();
    });
    const position = this.find(observation.fact);
    if (position === null) throw new Rejected('EVENT_INVALID', 'The chain did not take the PAYLOAD_REDACTED event.');
    return position;
  }

  /** Erases what the record at `position` names, wherever it lies. Nothing is erased before a signature covers the record. */
  async finish(position: number): Promise<RedactReply> {
    await this.o.writer.inTurn(({ sign }) => sign());
    const { record, payload } = await this.redaction(position);
    const places = await this.places(payload.positions);
    const pending = [...(await this.eraseSegments(places)), ...(await this.eraseCopies(places))];
    if (pending.length === 0) this.o.index.redactionDone(this.organisationId, position);
    else this.o.onTrouble(`${record.id} is not done: ${pending.map(({ reason }) => reason).join(' ')}`);
    return { id: record.id, chainPosition: position, redacted: payload.positions, pending };
  }

  /** The id of the PAYLOAD_REDACTED event that names the position, or null: what is missing there was not redacted. */
  async redactedBy(position: number): Promise<string | null> {
    if (this.asked?.positions.has(position)) return this.asked.id;
    for (const later of this.o.index.redactions(this.organisationId, 'all').filter((one) => one > position)) {
      const { record, payload } = await this.redaction(later);
      this.asked = { id: record.id, positions: new Set(payload.positions) };
      if (this.asked.positions.has(position)) return record.id;
    }
    return null;
  }

  /** Whether the EVIDENCE_LOST that stands for a refused fact was redacted, and with it the dead letter. */
  async isErased(fact: string): Promise<boolean> {
    const position = this.find(facts.refused(fact));
    return position !== null && (await this.redactedBy(position)) !== null;
  }

  /** What the organisation's stream says now. */
  async policy(): Promise<Organisation | null> {
    let state: Organisation | null = null;
    for await (const stored of readAll(this.o.ledger, ledgerStreams.organisation(this.organisationId))) {
      const event = { type: stored.type, data: decodeJson<JsonObject>(stored.data) } as unknown as OrganisationEvent;
      state = evolveOrganisation(state, event, stored.revision);
    }
    return state;
  }

  inLine<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.line.then(work, work);
    this.line = turn.catch(() => undefined);
    return turn.catch((error: unknown) => {
      throw error instanceof Conflict
        ? new Unavailable('ledger', 'Somebody else wrote at the same time: ask again.', { cause: error })
        : error;
    });
  }

  private async holds(): Promise<{ name: string }[]> {
    return (await this.policy())?.holds ?? [];
  }

  /** The chain is read up to its end, and so is the index. */
  private loaded(): Promise<void> {
    return this.o.writer.inTurn(async () => undefined);
  }

  private async repeated(request: RedactRequest, position: number): Promise<RedactReply> {
    const { payload } = await this.redaction(position);
    const wanted = new Set([...request.positions, ...request.eventIds.map((id) => this.positionOf(id))]);
    if (payload.legalBasis === request.legalBasis && payload.positions.every((one) => wanted.has(one)))
      return this.finish(position);
    throw new Rejected('REQUEST_ID_REUSED', `This requestId stands for another redaction, at position ${position}.`);
  }

  private async named({ positions, eventIds }: RedactRequest): Promise<NamedEvent[]> {
    const byId = eventIds.map((id) => {
      const position = this.positionOf(id);
      if (position === null) throw new Rejected('EVENT_NOT_FOUND', `The chain has no event ${id}.`);
      return position;
    });
    const all = [...new Set([...positions, ...byId])].sort((a, b) => a - b);
    return Promise.all(
      all.map(async (position) => {
        const place = await this.place(position);
        if (!place) return { position, record: null, isGone: false };
        return { position, record: place.record, isGone: await isGone(this.o.ledger, this.organisationId, place) };
      }),
    );
  }

  private async redaction(position: number): Promise<{ record: ChainRecord; payload: RedactionPayload }> {
    const stream = ledgerStreams.chain(this.organisationId);
    const [stored] = await this.o.ledger.read(stream, { from: position, limit: 1 });
    if (!stored)
      throw new Corrupt(stream, position, `Position ${position} is indexed, and the ledger does not hold it.`);
    const { record, payload, payloadProblem } = await readEvent(this.o.ledger, this.organisationId, stored);
    if (payload === null) throw new Corrupt(stream, position, `Of the PAYLOAD_REDACTED event, ${payloadProblem}.`);
    return { record, payload: payload as unknown as RedactionPayload };
  }

  private async eraseSegments(places: Place[]): Promise<PendingErasure[]> {
    const bySegment = Map.groupBy(places, ({ segment }) => segment);
    const pending: PendingErasure[] = [];
    for (const [segment, inIt] of bySegment) {
      const revisions = new Set(inIt.map(({ revision }) => revision));
      try {
        await eraseEntries(this.o.ledger, this.organisationId, segment, revisions);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        pending.push({ where: 'LEDGER', reason: error.message });
      }
    }
    return pending;
  }

  private eraseCopies(places: Place[]): Promise<PendingErasure[]> {
    const identities = new Set(places.map(({ record }) => identityOf(record.id as EventId)));
    const { identity } = this.o;
    // The dead letter of a refused observation is that of the EVIDENCE_LOST in its place.
    const isErased = (fact: string): boolean =>
      identities.has(identity.of(fact)) || identities.has(identity.of(facts.refused(fact)));
    return this.o.copies.erase(
      places.map(({ record }) => record),
      isErased,
    );
  }

  private async places(positions: number[]): Promise<Place[]> {
    const found = await Promise.all(positions.map((position) => this.place(position)));
    return found.filter((one): one is Place => one !== null);
  }

  private async place(position: number): Promise<Place | null> {
    const [stored] = await this.o.ledger.read(ledgerStreams.chain(this.organisationId), { from: position, limit: 1 });
    return stored?.revision === position ? placeOf(stored) : null;
  }

  private positionOf(eventId: string): number | null {
    return this.o.index.find(this.organisationId, identityOf(eventId as EventId));
  }

  private find(fact: string): number | null {
    return this.o.index.find(this.organisationId, this.o.identity.of(fact));
  }
}

export function placeOf(stored: StoredEvent): Place {
  const { segment, revision } = decodeJson<RecordMetadata>(stored.metadata);
  return { position: stored.revision, record: parseRecord(stored.data), segment, revision };
}
