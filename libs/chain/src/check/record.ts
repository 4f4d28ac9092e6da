import { fromUtf8, type Sha256 } from '../format/bytes';
import { canonicalBytes } from '../format/canonical';
import { type ChainRecord, payloadHashText, RECORD_BYTES_MAX, RECORD_VERSION, recordProblem } from '../format/record';

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
    const plain = plainRecord(text);
    if (plain) return plain;
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

const TEXT = String.raw`"([^"\\\u0000-\u001f]+)"`;
const OPTIONAL = String.raw`(?:null|"([^"\\\u0000-\u001f]+)")`;
const TIME = String.raw`"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"`;
// Without {64}, which would be counted digit by digit: the length is looked at afterwards.
const HASH = String.raw`"(sha256:[0-9a-f]+)"`;
const HASH_TEXT_LENGTH = 'sha256:'.length + 64;
const TAGS = String.raw`\[("[^"\\\u0000-\u001f]*"(?:,"[^"\\\u0000-\u001f]*")*)?\]`;
const PLAIN = new RegExp(
  [
    `^\\{"actor":\\{"id":${TEXT},"type":${TEXT}\\},"captureMode":${TEXT},"chainPosition":(0|[1-9]\\d{0,14}),"eventType":${TEXT}`,
    `,"id":${TEXT},"integrationId":${OPTIONAL},"modelId":${OPTIONAL},"observedAt":${TIME},"origin":${TEXT},"payloadHash":${HASH}`,
    `,"prevHash":${HASH},"recordedAt":${TIME},"severity":${TEXT},"source":${TEXT},"tags":${TAGS},"timestamp":${TIME},"v":1\\}$`,
  ].join(''),
);

/**
 * A record whose texts need no escape has one canonical spelling, which this expression is: matching it shows fields, order, form and spelling at
 * once, four times as fast as parsing and writing it again. Null: look closer.
 */
function plainRecord(text: string): ChainRecord | null {
  const found = PLAIN.exec(text) as (string[] & Record<number, string>) | null;
  if (found?.[11]?.length !== HASH_TEXT_LENGTH || found[12]?.length !== HASH_TEXT_LENGTH) return null;
  const tags = found[16] as string | undefined;
  return {
    v: RECORD_VERSION,
    origin: found[10] as string,
    chainPosition: Number(found[4]),
    id: found[6] as string,
    eventType: found[5] as string,
    source: found[15] as string,
    severity: found[14] as string,
    modelId: found[8] ?? null,
    integrationId: found[7] ?? null,
    timestamp: found[17] as string,
    observedAt: found[9] as string,
    recordedAt: found[13] as string,
    captureMode: found[3] as string,
    actor: { type: found[2] as string, id: found[1] as string },
    tags: tags === undefined ? [] : tags.slice(1, -1).split('","'),
    payloadHash: found[11],
    prevHash: found[12],
  };
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
  return stored.salt.length === 32 && record.payloadHash === payloadHashText(sha256, stored.salt, stored.bytes);
}
