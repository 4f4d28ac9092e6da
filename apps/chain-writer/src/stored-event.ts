import { type ChainRecord, hashText, leafHash, parseRecord, payloadMatches } from '@audital/chain/check';
import {
  decodeJson,
  type JsonObject,
  ledgerStreams,
  type OrganisationId,
  type RecordMetadata,
  SALT_BYTES,
} from '@audital/contracts';
import { type Ledger, type StoredEvent, StreamDeleted } from '@audital/ledger';
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

const GENERATIONS_MAX = 1000;

/** Reads the payload that a stored record points to. Throws InvalidRecord for bytes that are no record. */
export async function readEvent(
  ledger: Ledger,
  organisationId: OrganisationId,
  stored: StoredEvent,
): Promise<ReadEvent> {
  const record = parseRecord(stored.data);
  const blockHash = hashText(leafHash(sha256, stored.data));
  const { segment, revision } = decodeJson<RecordMetadata>(stored.metadata);
  const data = await readPayload(ledger, organisationId, { segment, revision });
  if (data === null)
    return { record, blockHash, payload: null, payloadProblem: 'the payload is missing', isMissing: true };
  const salt = data.subarray(0, SALT_BYTES);
  const bytes = data.subarray(SALT_BYTES);
  if (!payloadMatches(sha256, record, { salt, bytes }))
    return { record, blockHash, payload: null, payloadProblem: 'the payload was changed', isMissing: false };
  return { record, blockHash, payload: decodeJson<JsonObject>(bytes), payloadProblem: null, isMissing: false };
}

/** A tombstoned segment has a next generation; an entry without data was redacted. */
export async function readPayload(
  ledger: Ledger,
  organisationId: OrganisationId,
  at: { segment: number; revision: number },
): Promise<Uint8Array | null> {
  for (let generation = 1; generation <= GENERATIONS_MAX; generation += 1) {
    try {
      const stream = ledgerStreams.payload(organisationId, at.segment, generation);
      const [entry] = await ledger.read(stream, { from: at.revision, limit: 1 });
      return entry && entry.revision === at.revision && entry.data.length > SALT_BYTES ? entry.data : null;
    } catch (error) {
      if (!(error instanceof StreamDeleted)) throw error;
    }
  }
  return null;
}
