import { equalBytes, fromUtf8, type Sha256 } from '../format/bytes';
import { canonicalBytes } from '../format/canonical';
import { type ChainRecord, hashBytes, payloadHash, RECORD_BYTES_MAX, recordProblem } from '../format/record';

/** The bytes are no record. */
export class InvalidRecord extends Error {
  override readonly name = 'InvalidRecord';
}

/** Parses hostile bytes: valid UTF-8, the closed set of fields, a version we know, and exactly the canonical spelling. */
export function parseRecord(bytes: Uint8Array): ChainRecord {
  if (bytes.length > RECORD_BYTES_MAX)
    throw new InvalidRecord(`The record has ${bytes.length} bytes; at most ${RECORD_BYTES_MAX} can be sealed.`);
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch (error) {
    throw new InvalidRecord('The record is not JSON in UTF-8.', { cause: error });
  }
  const problem = recordProblem(value);
  if (problem !== null) throw new InvalidRecord(`The record's ${problem} is not as a record of version 1 has it.`);
  if (!isCanonical(value, bytes)) throw new InvalidRecord('The record is not in its canonical form (RFC 8785).');
  return value as ChainRecord;
}

function isCanonical(value: unknown, bytes: Uint8Array): boolean {
  try {
    return equalBytes(canonicalBytes(value), bytes);
  } catch {
    return false;
  }
}

/** Whether these are the salt and payload that the record commits to. */
export function payloadMatches(
  sha256: Sha256,
  record: ChainRecord,
  stored: { salt: Uint8Array; bytes: Uint8Array },
): boolean {
  return (
    stored.salt.length === 32 &&
    equalBytes(payloadHash(sha256, stored.salt, stored.bytes), hashBytes(record.payloadHash))
  );
}
