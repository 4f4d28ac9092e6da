import { canonicalBytesOfSorted } from '../format/canonical';
import type { Sha256 } from '../format/bytes';
import { type ChainRecord, leafHash, RECORD_BYTES_MAX, recordProblem } from '../format/record';

/** The record cannot be sealed as it is; `field` says what is wrong. */
export class UnsealableRecord extends Error {
  override readonly name = 'UnsealableRecord';
  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** The bytes of a record, made once and stored for ever, and its block hash. */
export function sealRecord(sha256: Sha256, record: ChainRecord): { bytes: Uint8Array; blockHash: Uint8Array } {
  const problem = recordProblem(record);
  if (problem !== null) throw new UnsealableRecord(problem, `The record's ${problem} is not as DESIGN §3 wants it.`);
  const bytes = canonicalBytesOfSorted(inOrder(record));
  if (bytes.length > RECORD_BYTES_MAX) {
    throw new UnsealableRecord(
      'record',
      `The record has ${bytes.length} bytes; at most ${RECORD_BYTES_MAX} are sealed: use fewer or shorter tags.`,
    );
  }
  return { bytes, blockHash: leafHash(sha256, bytes) };
}

/** Fields as RFC 8785 orders them. */
function inOrder(record: ChainRecord): ChainRecord {
  const { actor, captureMode, chainPosition, eventType, id, integrationId, modelId, observedAt, origin } = record;
  const { payloadHash, prevHash, recordedAt, severity, source, tags, timestamp, v } = record;
  return {
    actor: { id: actor.id, type: actor.type },
    captureMode,
    chainPosition,
    eventType,
    id,
    integrationId,
    modelId,
    observedAt,
    origin,
    payloadHash,
    prevHash,
    recordedAt,
    severity,
    source,
    tags,
    timestamp,
    v,
  };
}
