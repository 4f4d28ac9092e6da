import { concat, fromHex, type Sha256, toHex, utf8 } from './bytes';

/** The closed set of what is hashed of an event (DESIGN §3). Hashes are `sha256:` + 64 hex digits, times RFC 3339 UTC with ms. */
export interface ChainRecord {
  v: 1;
  origin: string;
  chainPosition: number;
  id: string;
  eventType: string;
  source: string;
  severity: string;
  modelId: string | null;
  integrationId: string | null;
  timestamp: string;
  observedAt: string;
  recordedAt: string;
  captureMode: string;
  actor: { type: string; id: string };
  tags: string[];
  payloadHash: string;
  prevHash: string;
}

export const RECORD_VERSION = 1;
export const RECORD_BYTES_MAX = 32 * 1024;
/** What record 0 names as the one before it. */
export const ZERO_HASH = `sha256:${'0'.repeat(64)}`;

const HASH = /^sha256:[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const hashText = (hash: Uint8Array): string => `sha256:${toHex(hash)}`;

export function hashBytes(text: string): Uint8Array {
  if (!HASH.test(text)) throw new RangeError('Not sha256: and 64 hex digits.');
  return fromHex(text.slice(7));
}

const PAYLOAD_DOMAIN = utf8('audital/payload/v1\n');
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The salt keeps a payload of few possible values from being guessed once it has been redacted. */
export const payloadHash = (sha256: Sha256, salt: Uint8Array, payload: Uint8Array): Uint8Array =>
  sha256(joined(PAYLOAD_DOMAIN, salt, payload));

/** `hashText` of it. */
export function payloadHashText(sha256: Sha256, salt: Uint8Array, payload: Uint8Array): string {
  const bytes = joined(PAYLOAD_DOMAIN, salt, payload);
  return `sha256:${sha256.hex ? sha256.hex(bytes) : toHex(sha256(bytes))}`;
}

/** RFC 6962 §2.1: the block hash, the Merkle leaf and the entry of a C2SP log in one. */
export const leafHash = (sha256: Sha256, record: Uint8Array): Uint8Array => sha256(joined(LEAF, record));

export const nodeHash = (sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(joined(NODE, left, right));

/** Room for a prefix and what it stands before; what is larger gets a buffer of its own. Hashing is synchronous, so one is enough. */
const room = new Uint8Array(16 * 1024);

/** Like `concat`, without garbage: the answer is only good until the next call. */
function joined(prefix: Uint8Array, one: Uint8Array, other?: Uint8Array): Uint8Array {
  const size = prefix.length + one.length + (other?.length ?? 0);
  if (size > room.length) return other ? concat(prefix, one, other) : concat(prefix, one);
  room.set(prefix);
  room.set(one, prefix.length);
  if (other) room.set(other, prefix.length + one.length);
  return room.subarray(0, size);
}

const HEX_DIGITS = utf8('0123456789abcdef');

/** Whether the text is `hashText` of these 32 bytes. */
export function isHashText(text: string, hash: Uint8Array): boolean {
  if (hash.length !== 32 || text.length !== 71 || !text.startsWith('sha256:')) return false;
  for (let index = 0; index < 32; index += 1) {
    const byte = hash[index] as number;
    if (text.charCodeAt(7 + 2 * index) !== HEX_DIGITS[byte >> 4]) return false;
    if (text.charCodeAt(8 + 2 * index) !== HEX_DIGITS[byte & 15]) return false;
  }
  return true;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
/** Events of a batch share most of their times. */
const knownTimes = new Set<string>();
const KNOWN_MAX = 64;

function isTime(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (knownTimes.has(value)) return true;
  if (!TIME.test(value)) return false;
  if (knownTimes.size >= KNOWN_MAX) knownTimes.clear();
  knownTimes.add(value);
  return true;
}

const isHexDigit = (code: number): boolean => (code >= 48 && code <= 57) || (code >= 97 && code <= 102);

function isHash(value: unknown): boolean {
  if (typeof value !== 'string' || value.length !== 71 || !value.startsWith('sha256:')) return false;
  for (let index = 7; index < 71; index += 1) if (!isHexDigit(value.charCodeAt(index))) return false;
  return true;
}

const isTextOrNull = (value: unknown): boolean => value === null || isText(value);

const FIELDS: Record<keyof ChainRecord, (value: unknown) => boolean> = {
  v: (value) => value === RECORD_VERSION,
  origin: isText,
  chainPosition: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  id: isText,
  eventType: isText,
  source: isText,
  severity: isText,
  modelId: isTextOrNull,
  integrationId: isTextOrNull,
  timestamp: isTime,
  observedAt: isTime,
  recordedAt: isTime,
  captureMode: isText,
  actor: isActor,
  tags: (value) => Array.isArray(value) && value.every((tag) => typeof tag === 'string'),
  payloadHash: isHash,
  prevHash: isHash,
};

const FIELD_LIST = Object.entries(FIELDS);

function isActor(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { type, id } = value as Record<string, unknown>;
  return isText(type) && isText(id) && Object.keys(value).length === 2;
}

/** FIELDS in one expression, several times as fast as one by one: what it takes is a record, what it does not take is looked at again. */
function isRecord(record: ChainRecord): boolean {
  return (
    record.v === RECORD_VERSION &&
    isText(record.origin) &&
    Number.isSafeInteger(record.chainPosition) &&
    record.chainPosition >= 0 &&
    isText(record.id) &&
    isText(record.eventType) &&
    isText(record.source) &&
    isText(record.severity) &&
    isTextOrNull(record.modelId) &&
    isTextOrNull(record.integrationId) &&
    isTime(record.timestamp) &&
    isTime(record.observedAt) &&
    isTime(record.recordedAt) &&
    isText(record.captureMode) &&
    isActor(record.actor) &&
    FIELDS.tags(record.tags) &&
    isHash(record.payloadHash) &&
    isHash(record.prevHash) &&
    Object.keys(record).length === FIELD_LIST.length
  );
}

/** The name of the first field that is not as a record must be, or null. An unknown version is refused, never guessed at. */
export function recordProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'record';
  if (isRecord(value as ChainRecord)) return null;
  const record = value as Record<string, unknown>;
  for (const [name, isRight] of FIELD_LIST) if (!isRight(record[name])) return name;
  return Object.keys(record).find((name) => !Object.hasOwn(FIELDS, name)) ?? null;
}
