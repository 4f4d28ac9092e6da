import {
  type ChainRecord,
  equalBytes,
  hashText,
  leafHash,
  parseRecord,
  payloadMatches,
  type Sha256,
  verifyInclusion,
  ZERO_HASH,
} from '@audital/chain/check';
import type { StoredPayload, Verification, VerificationLevel, VerificationStatus } from '@audital/contracts';

/** What was read from the ledger for this answer; null: there is nothing. */
export interface StoredEvidence {
  position: number;
  record: Uint8Array | null;
  /** The record at the position before. */
  before: Uint8Array | null;
  payload: StoredPayload;
}

export interface TrustedCheckpoint {
  size: number;
  root: Uint8Array;
  /** The signed note, verbatim. */
  note: string;
  /** Four bytes in hex: which pinned key signed it. */
  keyId: string;
}

/** What this reader believes of an organisation's log: signature, pin and consistency have been checked already. */
export type Trust =
  | { state: 'NONE'; reason: string }
  /** `doubt`: a newer checkpoint could not be accepted, and why; what lies beyond the accepted one cannot become ok. */
  | { state: 'TRUSTED'; checkpoint: TrustedCheckpoint; doubt: string | null }
  | { state: 'REFUSED'; reason: string };

/** Where the signed tree has the leaf, from the gateway's tiles. They are believed only as far as the proof leads to the signed root. */
export interface Placement {
  leaf: Uint8Array;
  proof: Uint8Array[];
}

export interface VerifyInput {
  origin: string;
  evidence: StoredEvidence;
  trust: Trust;
  /** Null: the position is not under the checkpoint, or the tiles do not hold it. */
  placement: Placement | null;
  /** Id of a verified PAYLOAD_REDACTED event that names this position. */
  redactedBy: string | null;
  /** RFC 3339. */
  checkedAt: string;
}

export interface VerifiedEvent {
  /** Null when the stored bytes are no record. */
  record: ChainRecord | null;
  /** Of the bytes as they are stored now. */
  blockHash: Uint8Array | null;
  /** The payload that matches the record; null otherwise. */
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
  verified: boolean;
  verification: Verification;
}

type Judgement = { level: VerificationLevel; status: VerificationStatus; reason: string | null };

/**
 * DESIGN §4 for one answer, from bytes that were read for it: the payload hash, the block hash, the link to the record before, and the
 * leaf under a trusted checkpoint. `level` is how far the record got by itself; `status` is ok only when the payload matches too.
 */
export function verifyEvent(sha256: Sha256, input: VerifyInput): VerifiedEvent {
  const { evidence, trust, checkedAt } = input;
  const checkpoint = trust.state === 'TRUSTED' ? trust.checkpoint : null;
  const blockHash = evidence.record && leafHash(sha256, evidence.record);
  const answer = (record: ChainRecord | null, judgement: Judgement): VerifiedEvent => ({
    record,
    blockHash,
    payload:
      record && evidence.payload.state === 'PRESENT' && payloadMatches(sha256, record, evidence.payload)
        ? evidence.payload
        : null,
    verified: judgement.status === 'ok' && judgement.level === 'included',
    verification: {
      ...judgement,
      checkpointSize: checkpoint?.size ?? null,
      checkedAt,
      keyId: checkpoint?.keyId ?? null,
    },
  });
  const failed = (record: ChainRecord | null, reason: string): VerifiedEvent =>
    answer(record, { level: 'stored', status: 'failed', reason });

  if (evidence.record === null || blockHash === null)
    return failed(null, `The ledger holds no record at position ${evidence.position}.`);
  let record: ChainRecord;
  try {
    record = parseRecord(evidence.record);
  } catch (error) {
    return failed(null, `The stored record was changed: ${(error as Error).message}`);
  }
  const misplaced = placeProblem(record, input);
  if (misplaced !== null) return failed(record, misplaced);
  return answer(record, judge(sha256, { input, record, blockHash }));
}

function placeProblem(record: ChainRecord, { origin, evidence }: VerifyInput): string | null {
  if (record.chainPosition !== evidence.position)
    return `Position ${evidence.position} holds the record of position ${record.chainPosition}.`;
  return record.origin === origin ? null : `The record belongs to the log ${record.origin}, not to ${origin}.`;
}

function judge(sha256: Sha256, at: { input: VerifyInput; record: ChainRecord; blockHash: Uint8Array }): Judgement {
  const { input, record, blockHash } = at;
  const own = placementProblem(sha256, input, blockHash);
  const link = linkProblem(sha256, record, input.evidence);
  const level: VerificationLevel = link !== null ? 'stored' : own === null ? 'included' : 'chained';
  // The record's own place comes first: when it was changed itself, its link and its payload fail as a consequence.
  if (own?.status === 'failed') return { level, status: 'failed', reason: own.reason };
  if (link !== null)
    return {
      level,
      status: 'failed',
      reason: own === null ? `${link} This record itself stands in the signed tree.` : link,
    };
  const payload = payloadProblem(sha256, record, input);
  if (payload !== null) return { level, ...payload };
  return own === null ? { level, status: 'ok', reason: null } : { level, ...own };
}

/** Null when the leaf is included under the trusted checkpoint. */
function placementProblem(sha256: Sha256, input: VerifyInput, blockHash: Uint8Array): Omit<Judgement, 'level'> | null {
  const { trust, placement, evidence } = input;
  if (trust.state === 'REFUSED') return { status: 'failed', reason: trust.reason };
  if (trust.state === 'NONE') return { status: 'pending', reason: trust.reason };
  const { size, root } = trust.checkpoint;
  if (evidence.position >= size && trust.doubt !== null) return { status: 'failed', reason: trust.doubt };
  if (evidence.position >= size)
    return { status: 'pending', reason: `The newest checkpoint covers ${size} events; the next one will cover this.` };
  if (placement === null)
    return {
      status: 'failed',
      reason: 'The gateway’s Merkle tiles hold no leaf for this position that leads to the signed root.',
    };
  if (!isGenuine(sha256, placement, { index: evidence.position, size, root })) {
    return {
      status: 'failed',
      reason: 'The gateway’s Merkle tiles do not lead from this position to the root of the signed checkpoint.',
    };
  }
  if (equalBytes(placement.leaf, blockHash)) return null;
  return {
    status: 'failed',
    reason: `The stored record was changed: it hashes to ${hashText(blockHash)}, the signed tree has ${hashText(placement.leaf)}.`,
  };
}

/** Whether the leaf that the tiles hold is the one that was signed. */
export function isGenuine(
  sha256: Sha256,
  { leaf, proof }: Placement,
  at: { index: number; size: number; root: Uint8Array },
): boolean {
  return verifyInclusion(sha256, { ...at, leaf, proof });
}

/** DESIGN §4 asks for the link of every record: when only the one before was changed, this one says so. */
function linkProblem(sha256: Sha256, record: ChainRecord, { position, before }: StoredEvidence): string | null {
  if (position === 0) return record.prevHash === ZERO_HASH ? null : 'The first record names a record before it.';
  if (before === null) return `The record before it, at position ${position - 1}, is missing.`;
  if (hashText(leafHash(sha256, before)) === record.prevHash) return null;
  return `The record at position ${position - 1} does not hash to the prevHash that this record names.`;
}

function payloadProblem(
  sha256: Sha256,
  record: ChainRecord,
  { evidence, redactedBy }: VerifyInput,
): Omit<Judgement, 'level'> | null {
  const { payload } = evidence;
  if (payload.state === 'PRESENT') {
    return payloadMatches(sha256, record, payload)
      ? null
      : { status: 'failed', reason: 'The stored payload was changed: it does not match the record’s payloadHash.' };
  }
  if (payload.state === 'UNREADABLE') return { status: 'failed', reason: payload.why };
  if (redactedBy !== null)
    return { status: 'redacted', reason: `The payload was redacted by ${redactedBy}; the record stands.` };
  return { status: 'failed', reason: 'The payload is missing, and no redaction names this position.' };
}
