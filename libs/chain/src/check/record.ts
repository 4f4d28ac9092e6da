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
  let text: string;
  try {
    text = fromUtf8(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidRecord('The record is not JSON in UTF-8.', { cause: error });
  }
  const problem = recordProblem(value);
  if (problem !== null) throw new InvalidRecord(`The record's ${problem} is not as a record of version 1 has it.`);
  if (!isCanonical(value as ChainRecord, text))
    throw new InvalidRecord('The record is not in its canonical form (RFC 8785).');
  return value as ChainRecord;
}

/**
 * A record is flat but for its actor, so its canonical form is what JSON.stringify writes once the names are in order. Only a lone
 * surrogate would pass that way: JSON.stringify escapes it, and JCS refuses it.
 */
function isCanonical(record: ChainRecord, text: string): boolean {
  return inOrder(record) && inOrder(record.actor) && JSON.stringify(record) === text && !hasLoneSurrogate(text, record);
}

function inOrder(value: object): boolean {
  let last = '';
  for (const name in value) {
    if (name <= last) return false;
    last = name;
  }
  return true;
}

function hasLoneSurrogate(text: string, record: ChainRecord): boolean {
  if (!text.includes('\\ud')) return false;
  try {
    canonicalBytes(record);
    return false;
  } catch {
    return true;
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
