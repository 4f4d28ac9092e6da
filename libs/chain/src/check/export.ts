import { fromBase64, fromHex, type Sha256, toBase64, toHex } from '../format/bytes';
import { type Checkpoint, type NoteKey, parseCheckpoint, parseVkey } from '../format/note';
import { hashBytes } from '../format/record';
import type { WalkedEntry } from './walk';

/** The line is not what an export holds (docs/verify.md). */
export class UnreadableLine extends Error {
  override readonly name = 'UnreadableLine';
}

/** Strict base64, as `fromBase64` reads it: throws a RangeError for every text that is not the only spelling of its bytes. */
export type DecodeBase64 = (text: string) => Uint8Array;

const [START, RECORD, SALT, PAYLOAD] = ['{"chainPosition":', ',"record":"', '","salt":', ',"payload":'] as const;
const NO_PAYLOAD = 'null,"payload":null}';
const SALT_DIGITS = 64;

/**
 * One line without its newline. It must be exactly what the exporter writes, so it is cut apart at the places where that has its quotes, and
 * each part has one spelling only. Throws UnreadableLine.
 */
export function parseExportLine(line: string, decode: DecodeBase64 = fromBase64): WalkedEntry {
  // One character is found many times faster than a word, and neither digits nor base64 hold these two.
  const position = line.indexOf(',', START.length);
  const start = position + RECORD.length;
  const end = line.indexOf('"', start);
  const isEntry = line.startsWith(START) && line.startsWith(RECORD, position) && line.startsWith(SALT, end);
  const said = line.slice(START.length, position);
  if (!isEntry || !/^(?:0|[1-9]\d{0,15})$/.test(said))
    throw new UnreadableLine('The line is not an entry of an export.');
  try {
    return {
      chainPosition: Number(said),
      record: decode(line.slice(start, end)),
      payload: payloadAt(line, end + SALT.length, decode),
    };
  } catch (error) {
    if (error instanceof UnreadableLine) throw error;
    throw new UnreadableLine('A field of the line is not strict base64.');
  }
}

/** The rest of the line from the salt on: both null, or 64 hex digits and base64. */
function payloadAt(line: string, at: number, decode: DecodeBase64): WalkedEntry['payload'] {
  if (line.startsWith(NO_PAYLOAD, at) && line.length === at + NO_PAYLOAD.length) return null;
  const end = at + SALT_DIGITS + 2;
  const isRight =
    line[at] === '"' && line[end - 1] === '"' && line.startsWith(`${PAYLOAD}"`, end) && line.endsWith('"}');
  const start = end + PAYLOAD.length + 1;
  if (!isRight || line.length < start + 2)
    throw new UnreadableLine('The salt or the payload is not as an export has it.');
  return { salt: fromHex(line.slice(at + 1, end - 1)), bytes: decode(line.slice(start, -2)) };
}

export interface ReadTrailer {
  origin: string;
  count: number;
  first: number | null;
  last: number | null;
  head: Uint8Array | null;
  before: Uint8Array[];
  checkpoint: string;
  vkeys: string[];
}

const TRAILER_FIELDS = ['v', 'origin', 'count', 'first', 'last', 'head', 'before', 'checkpoint', 'vkeys'];
const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** The trailer, when this line is one in its only spelling; else null. What it claims is not checked yet. */
export function parseTrailer(line: string): ReadTrailer | null {
  if (!line.startsWith('{"trailer":')) return null;
  try {
    const value = JSON.parse(line) as { trailer: Record<string, unknown> };
    const { v, origin, count, first, last, head, before, checkpoint, vkeys } = value.trailer;
    if (JSON.stringify(value) !== line || Object.keys(value).length !== 1 || v !== 1) return null;
    if (Object.keys(value.trailer).join() !== TRAILER_FIELDS.join()) return null;
    if (typeof origin !== 'string' || typeof checkpoint !== 'string' || !isPosition(count)) return null;
    if (!isTexts(before) || !isTexts(vkeys)) return null;
    const rest = { origin, count, checkpoint, vkeys, before: before.map(fromBase64) };
    if (first === null && last === null && head === null) return { ...rest, first, last, head };
    if (!isPosition(first) || !isPosition(last) || typeof head !== 'string') return null;
    return { ...rest, first, last, head: hashBytes(head) };
  } catch {
    return null;
  }
}

/** Where the walk begins. A trailer that contradicts itself is not believed: its lines are looked at as those of a whole export. */
export function partBefore({ count, first, last, before }: ReadTrailer): { first: number; before: Uint8Array[] } {
  const agrees = first !== null && last !== null && count === last - first + 1 && before.length === bitsOf(first);
  return agrees ? { first, before } : { first: 0, before: [] };
}

/** What is wrong with a trailer by itself, or null. */
export function trailerProblem(sha256: Sha256, trailer: ReadTrailer): string | null {
  const { origin, count, first, last, before, vkeys } = trailer;
  if (first === null || last === null) return count === 0 ? null : `The trailer counts ${count} events and names none.`;
  if (count !== last - first + 1) return `The trailer counts ${count} events from ${first} to ${last}.`;
  if (before.length !== bitsOf(first) || before.some((hash) => hash.length !== 32))
    return `The trailer does not hold the hashes of the ${first} events before the first.`;
  const checkpoint = unsignedCheckpoint(trailer.checkpoint);
  if (checkpoint === null) return 'The checkpoint of the trailer is not well formed.';
  if (checkpoint.origin !== origin) return `The trailer is of ${origin}, its checkpoint of ${checkpoint.origin}.`;
  if (checkpoint.size !== last + 1)
    return `The checkpoint signs ${checkpoint.size} events, the trailer ends at position ${last}.`;
  if (vkeys.length === 0) return 'The trailer names no key.';
  return vkeys.map((vkey) => vkeyProblem(sha256, vkey, origin)).find((problem) => problem !== null) ?? null;
}

/** Text without a trusted signature: only good for being compared. */
export function unsignedCheckpoint(note: string): Checkpoint | null {
  try {
    return parseCheckpoint(note.slice(0, note.lastIndexOf('\n\n') + 1));
  } catch {
    return null;
  }
}

function vkeyProblem(sha256: Sha256, vkey: string, origin: string): string | null {
  try {
    const key: NoteKey = parseVkey(sha256, vkey);
    const spelled = `${key.name}+${toHex(key.keyId)}+${toBase64(Uint8Array.of(1, ...key.publicKey))}`;
    if (spelled !== vkey) return 'A key of the trailer is not spelled as a vkey is.';
    return key.name === origin ? null : `A key of the trailer is of ${key.name}.`;
  } catch (error) {
    return `A key of the trailer is not one: ${(error as Error).message}`;
  }
}

function bitsOf(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
