import { type ChainRecord, hashText, leafHash, parseRecord, payloadMatches } from '@audital/chain/check';
import { decodeJson, type JsonObject, type OrganisationId } from '@audital/contracts';
import { type Ledger, type StoredEvent, StoredEvents } from '@audital/ledger';
import { sha256 } from './adapters/keys';

/** One event as it lies in the ledger, read again and taken apart. */
export interface ReadEvent {
  record: ChainRecord;
  blockHash: string;
  payload: JsonObject | null;
  /** Null when the payload is the one that the record commits to. */
  payloadProblem: string | null;
  /** Nothing lies where the payload was: whether it was redacted, the chain says. */
  isMissing: boolean;
}

/** Reads the payload that a stored record points to. Throws InvalidRecord for bytes that are no record. */
export async function readEvent(
  ledger: Ledger,
  organisationId: OrganisationId,
  stored: StoredEvent,
): Promise<ReadEvent> {
  const record = parseRecord(stored.data);
  const blockHash = hashText(leafHash(sha256, stored.data));
  const found = await new StoredEvents(ledger).payload(organisationId, stored);
  if (found.state === 'ABSENT')
    return { record, blockHash, payload: null, payloadProblem: 'the payload is missing', isMissing: true };
  if (found.state === 'UNREADABLE' || !payloadMatches(sha256, record, found))
    return { record, blockHash, payload: null, payloadProblem: 'the payload was changed', isMissing: false };
  return { record, blockHash, payload: decodeJson<JsonObject>(found.bytes), payloadProblem: null, isMissing: false };
}
