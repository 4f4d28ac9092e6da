#!/usr/bin/env node
// Checks an Audital export with nothing but Node (18 or newer) and this file:
//
//   node verify.mjs events.ndjson --vkey 'audital.local/log/org_…+1a2b3c4d+A…'
//
// The key must come from a source you trust, not from the file; without one the result is UNPINNED. --policy FILE takes the keys of a trust
// policy ("log <vkey>" lines), --json prints one object for programs. Exit codes: 0 ok, 1 could not run, 2 usage, 10 tampered, 11 verified with caveats, 12 nothing
// to verify. This file was written from the format's description alone and shares no code with the one who wrote the export; what it looks
// for is in docs/verify.md of Audital, and can be read below in a quarter of an hour.
import crypto, { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const EXIT_CODES = { ok: 0, error: 1, usage: 2, tampered: 10, caveats: 11, nothing: 12 };
const FINDINGS_KEPT = 10_000;
const LINE_BYTES_MAX = 1024 * 1024;

// --- Bytes, hashes, signatures -------------------------------------------------------------------------------------------------------

const streamed = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
// From Node 20.12 on there is a call for short inputs that costs a quarter.
const bytesOf = (part) => (typeof part === 'string' ? Buffer.from(part) : part);
const atOnce = (...parts) => Buffer.from(crypto.hash('sha256', Buffer.concat(parts.map(bytesOf)), 'binary'), 'binary');
const sha256 = crypto.hash ? atOnce : streamed;
const leafHashOf = (record) => sha256(Buffer.of(0), record);
const parentOf = (left, right) => sha256(Buffer.of(1), left, right);
const textOf = (hash) => `sha256:${hash.toString('hex')}`;

/** Base64 in its only spelling, or null. */
function fromBase64(text) {
  if (typeof text !== 'string') return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

/** `name+key id+base64(0x01 ‖ Ed25519 key)`, as in C2SP signed-note; throws with what is wrong. */
function readVkey(vkey) {
  const [, name, id, encoded] = /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey) ?? [];
  const bytes = fromBase64(encoded);
  if (!bytes || bytes.length !== 33 || bytes[0] !== 1)
    throw new Error(`${vkey} is not the key of a log (name+id+key).`);
  if (sha256(`${name}\n`, bytes).toString('hex', 0, 4) !== id)
    throw new Error(`${vkey}: the key id does not fit the key.`);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)]);
  // `until`: the position of the KEY_RETIRED that ended it.
  return { vkey, name, id, until: null, key: createPublicKey({ key: spki, format: 'der', type: 'spki' }) };
}

/** Whether a key vouches for what covers `size` positions. */
const vouchesAt = (size, { until }) => until === null || size <= until;

/** The signed text of a note and the keys of ours that signed it. An error when none did, or one of ours did not fit. */
function readNote(note, keys) {
  const end = note.lastIndexOf('\n\n');
  // eslint-disable-next-line no-control-regex
  if (end < 0 || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(note))
    throw new Error('it is no signed note');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > 64) throw new Error('it has too many signatures');
  const signers = [];
  for (const line of lines) {
    const [, name, encoded] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
    const blob = fromBase64(encoded);
    if (!blob || blob.length < 5) throw new Error('a signature line is malformed');
    const key = keys.find((one) => one.name === name && one.id === blob.toString('hex', 0, 4));
    if (!key) continue;
    if (!verifySignature(null, Buffer.from(text), key.key, blob.subarray(4)))
      throw new Error(`the signature by ${name} is wrong`);
    signers.push(key);
  }
  if (signers.length === 0) throw new Error('no trusted key signed it');
  return { text, signers };
}

/** Origin, size and root of a C2SP checkpoint text, or null. */
function readCheckpoint(text) {
  const [, origin, size, encoded] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([^\n]+)\n$/.exec(text) ?? [];
  const root = fromBase64(encoded);
  return root?.length === 32 && Number.isSafeInteger(Number(size)) ? { origin, size: Number(size), root } : null;
}

// --- The lines -----------------------------------------------------------------------------------------------------------------------

const isText = (value) => typeof value === 'string' && value !== '';
const isTime = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value);
const isHash = (value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const orNull = (isRight) => (value) => value === null || isRight(value);
const isActor = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).join() === 'id,type' &&
  isText(value.id) &&
  isText(value.type);

/** The fields of a record in the order of its canonical form (RFC 8785), and what each must be. */
const RECORD = {
  actor: isActor,
  captureMode: isText,
  chainPosition: isCount,
  eventType: isText,
  id: isText,
  integrationId: orNull(isText),
  modelId: orNull(isText),
  observedAt: isTime,
  origin: isText,
  payloadHash: isHash,
  prevHash: isHash,
  recordedAt: isTime,
  severity: isText,
  source: isText,
  tags: (value) => Array.isArray(value) && value.every((tag) => typeof tag === 'string'),
  timestamp: isTime,
  v: (value) => value === 1,
};
const RECORD_FIELDS = Object.keys(RECORD).join();
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const hasLoneSurrogate = (value) => /\p{Surrogate}/u.test(value);

/** The record that these bytes are the canonical form of; throws with what is wrong. */
function readRecord(bytes) {
  if (bytes.length > 32 * 1024) throw new Error('The record is larger than 32 KiB.');
  let text, record;
  try {
    text = utf8.decode(bytes);
    record = JSON.parse(text);
  } catch {
    throw new Error('The record is not JSON in UTF-8.');
  }
  if (typeof record !== 'object' || record === null) throw new Error('The record is not an object.');
  if (Object.keys(record).join() !== RECORD_FIELDS)
    throw new Error('The record does not have the fields of version 1, in their order.');
  for (const field in RECORD) if (!RECORD[field](record[field])) throw new Error(`The record's ${field} is malformed.`);
  // With the fields in order this is the canonical form, but that JSON.stringify escapes a lone surrogate, which has none.
  const isCanonical =
    JSON.stringify(record) === text && !(text.includes('\\ud') && JSON.stringify(record, surrogatesMarked) !== text);
  if (!isCanonical) throw new Error('The record is not in its canonical form.');
  return record;
}

const surrogatesMarked = (_key, value) =>
  typeof value === 'string' && hasLoneSurrogate(value) ? 'lone surrogate' : value;

/** Position and bytes of a line that is spelled exactly as an exporter spells it; else null. */
function readLine(line) {
  const value = parsed(line);
  if (typeof value !== 'object' || value === null) return null;
  const { chainPosition, record, salt, payload } = value;
  if (!isCount(chainPosition) || JSON.stringify({ chainPosition, record, salt, payload }) !== line) return null;
  const bytes = fromBase64(record);
  if (salt === null && payload === null) return bytes && { chainPosition, record: bytes, payload: null };
  if (typeof salt !== 'string' || !/^[0-9a-f]{64}$/.test(salt)) return null;
  const content = fromBase64(payload);
  return bytes && content && { chainPosition, record: bytes, payload: { salt: Buffer.from(salt, 'hex'), content } };
}

/** The trailer when the line is one; else null. */
function readTrailer(line) {
  const trailer = parsed(line)?.trailer;
  if (typeof trailer !== 'object' || trailer === null) return null;
  const { v, origin, count, first, last, head, before, checkpoint, vkeys } = trailer;
  const told = { v, origin, count, first, last, head, before, checkpoint, vkeys };
  if (JSON.stringify({ trailer: told }) !== line || v !== 1 || !isCount(count)) return null;
  if (typeof origin !== 'string' || typeof checkpoint !== 'string') return null;
  const isEmpty = first === null && last === null && head === null;
  if (!isEmpty && !(isCount(first) && isCount(last) && isHash(head))) return null;
  if (!Array.isArray(vkeys) || vkeys.some((key) => typeof key !== 'string')) return null;
  const subtrees = Array.isArray(before) ? before.map(fromBase64) : [null];
  return subtrees.includes(null) ? null : { ...told, before: subtrees };
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

// --- The chain -----------------------------------------------------------------------------------------------------------------------

/** Follows the lines of one export and collects what is wrong with them. */
class Chain {
  constructor({ first, before, keys }) {
    this.keys = keys;
    this.findings = [];
    this.dropped = 0;
    this.lines = 0;
    this.expected = first; // the position that the next line must have
    this.beyond = first; // one more than the largest position met
    this.holes = []; // [from, to] never seen so far
    this.before = null; // { position, hash } of the readable line before
    this.doubted = null; // position whose link does not hold, until the next line tells who is at fault
    this.origin = null;
    this.recordedAt = '';
    this.firstSaid = this.lastSaid = null;
    this.unexplained = new Map(); // position without payload -> whether a redaction may excuse it
    this.redactions = new Map(); // position -> id of the PAYLOAD_REDACTED event
    this.leaves = first;
    this.peaks = [...before]; // perfect subtrees, largest first
  }

  find(kind, position, message) {
    if (this.findings.length < FINDINGS_KEPT) this.findings.push({ kind, position, message });
    else this.dropped += 1;
  }

  line(text) {
    this.lines += 1;
    const entry = readLine(text);
    if (!entry) {
      this.find('INVALID', this.expected, 'The line is not an entry of an export.');
      this.leaves += 1;
      return this.unreadable();
    }
    const hash = leafHashOf(entry.record);
    this.grow(hash);
    let record;
    try {
      record = readRecord(entry.record);
      if (record.chainPosition !== entry.chainPosition)
        throw new Error(`The record says position ${record.chainPosition}, its line ${entry.chainPosition}.`);
    } catch (error) {
      this.find('INVALID', this.expected, error.message);
      return this.unreadable();
    }
    this.firstSaid ??= record.chainPosition;
    this.lastSaid = record.chainPosition;
    const isInPlace = this.place(record.chainPosition);
    this.link(record);
    this.before = { position: record.chainPosition, hash };
    this.content(record, entry.payload, isInPlace);
  }

  unreadable() {
    this.judge(false);
    this.before = null;
    this.expected += 1;
    this.beyond = Math.max(this.beyond, this.expected);
  }

  /** Adds a leaf to the RFC 6962 tree: equal subtrees are joined from the right. */
  grow(hash) {
    let node = hash;
    for (let n = this.leaves; n % 2 === 1 && this.peaks.length > 0; n = (n - 1) / 2)
      node = parentOf(this.peaks.pop(), node);
    this.peaks.push(node);
    this.leaves += 1;
  }

  root() {
    if (this.peaks.length === 0) return sha256('');
    return this.peaks.reduceRight((right, left) => parentOf(left, right));
  }

  place(position) {
    const isInPlace = position === this.expected;
    this.expected = position + 1;
    if (position >= this.beyond) {
      if (position > this.beyond) this.holes.push([this.beyond, position - 1]);
      this.beyond = position + 1;
      return isInPlace;
    }
    const hole = this.holes.findIndex(([from, to]) => from <= position && position <= to);
    if (hole < 0) {
      this.find('DUPLICATE', position, `Position ${position} stands a second time.`);
      return false;
    }
    const [from, to] = this.holes[hole];
    const parts = [
      [from, position - 1],
      [position + 1, to],
    ].filter(([a, b]) => a <= b);
    this.holes.splice(hole, 1, ...parts);
    this.find('REORDER', position, `Position ${position} comes late.`);
    return false;
  }

  link({ chainPosition, prevHash }) {
    if (chainPosition === 0 && !/^sha256:0+$/.test(prevHash))
      this.find('INVALID', 0, 'The first record names one before it.');
    const follows = this.before !== null && this.before.position + 1 === chainPosition;
    const holds = follows && prevHash === textOf(this.before.hash);
    if (this.doubted !== null) this.judge(holds);
    else if (follows && !holds) this.doubted = chainPosition;
  }

  /** A link failed at `doubted`. When the record after it names it as it stands, the one before it was changed; else it was itself. */
  judge(nextNamesIt) {
    if (this.doubted === null) return;
    const position = nextNamesIt ? this.doubted - 1 : this.doubted;
    this.doubted = null;
    this.find('INVALID', position, `The record of position ${position} was changed: the links around it do not hold.`);
  }

  content(record, payload, isInPlace) {
    const at = record.chainPosition;
    this.origin ??= record.origin;
    if (record.origin !== this.origin)
      this.find('INVALID', at, `The record is of ${record.origin}, not of ${this.origin}.`);
    if (isInPlace && record.recordedAt < this.recordedAt) this.find('INVALID', at, 'recordedAt goes back.');
    this.recordedAt = record.recordedAt;
    const isOurs = record.source === 'AUDITAL';
    const isKeyChange = isOurs && record.eventType === 'CONFIG_CHANGE' && record.tags.includes('KEY_CHANGE');
    const isRedaction = isOurs && record.eventType === 'PAYLOAD_REDACTED';
    if (payload === null) {
      this.unexplained.set(at, !isKeyChange && !isRedaction && !(isOurs && record.eventType === 'LOG_CREATED'));
      return;
    }
    if (textOf(sha256('audital/payload/v1\n', payload.salt, payload.content)) !== record.payloadHash)
      this.find('INVALID', at, 'The payload is not the one that the record commits to.');
    else if (isRedaction) this.redaction(record, payload.content);
    else if (isKeyChange) this.keyChange(record, payload.content);
  }

  redaction({ chainPosition, id }, content) {
    const positions = parsed(content.toString())?.positions;
    if (!Array.isArray(positions))
      return this.find('INVALID', chainPosition, 'The PAYLOAD_REDACTED event names no positions.');
    for (const one of positions) if (Number.isSafeInteger(one) && one < chainPosition) this.redactions.set(one, id);
  }

  /** A new key is trusted when one that is trusted already signed for it; one that is retired vouches for nothing that covers that. */
  keyChange({ origin, chainPosition }, content) {
    const { kind, vkey, endorsement } = parsed(content.toString()) ?? {};
    const known = this.keys.find((one) => one.vkey === vkey);
    if (kind === 'KEY_RETIRED' && known) known.until ??= chainPosition;
    if (kind !== 'KEY_ADDED' || known || typeof vkey !== 'string' || typeof endorsement !== 'string') return;
    try {
      const { text, signers } = readNote(endorsement, this.keys);
      const key = readVkey(vkey);
      const isRight = text === `audital.key-handover/v1\n${origin}\n${vkey}\n` && key.name === origin;
      if (isRight && signers.some((one) => one.name === origin && vouchesAt(chainPosition, one))) this.keys.push(key);
    } catch {
      // Not an endorsement by a trusted key: it hands over nothing.
    }
  }

  /** `head`: the hash that the last record should have, where only that can tell who is at fault. */
  end(head) {
    const isHead = head !== null && this.before !== null && textOf(this.before.hash) === head;
    if (this.doubted !== null) this.judge(isHead);
    else if (head !== null && !isHead && this.before !== null)
      this.find('INVALID', this.before.position, 'The last record is not the one that the trailer names.');
    for (const [from, to] of this.holes) this.find('GAP', from, `Positions ${from} to ${to} are missing.`);
    for (const [at, isExcusable] of this.unexplained) {
      const by = isExcusable ? this.redactions.get(at) : undefined;
      if (by) this.find('REDACTED', at, `The payload was redacted by ${by}.`);
      else this.find('MISSING', at, 'The payload is missing, and no PAYLOAD_REDACTED event excuses that.');
    }
  }

  get isSound() {
    return this.findings.every(({ kind }) => kind === 'REDACTED');
  }
}

// --- The file ------------------------------------------------------------------------------------------------------------------------

/** The last whole line of a file, and whether something without a newline stands behind it. */
function lastLineOf(path) {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    for (let length = 64 * 1024; ; length *= 4) {
      const bytes = Buffer.alloc(Math.min(length, size));
      readSync(file, bytes, 0, bytes.length, size - bytes.length);
      const isCut = size > 0 && bytes[bytes.length - 1] !== 10;
      const end = isCut ? -1 : bytes.length - 1;
      const start = end > 0 ? bytes.lastIndexOf(10, end - 1) : -1;
      if (isCut || size === 0) return { isCut, line: null };
      if (start >= 0 || bytes.length === size) return { isCut, line: bytes.toString('utf8', start + 1, end) };
      if (length > 64 * LINE_BYTES_MAX) return { isCut, line: null };
    }
  } finally {
    closeSync(file);
  }
}

async function* wholeLinesOf(path) {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield bytes.toString('utf8', start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    // A line without an end must not fill the memory: its beginning is enough to see that it is none.
    if (rest.length > 64 * LINE_BYTES_MAX) rest = rest.subarray(0, LINE_BYTES_MAX);
  }
}

/** How many perfect subtrees cover the first positions: one for each bit that is set. */
const subtreesBefore = (first) => [...first.toString(2)].filter((digit) => digit === '1').length;

/** Whether what the trailer says of the part can be begun with. One that contradicts itself is taken for that of a whole export. */
const isCoherent = ({ count, first, last, before }) =>
  first !== null && count === last - first + 1 && before.length === subtreesBefore(first);

/** What is wrong with the trailer and its signature; the checkpoint when nothing is. */
function checkTrailer(trailer, chain) {
  const wrong = (problem) => ({ problem, checkpoint: null });
  const { origin, count, first, last, before, vkeys } = trailer;
  if (last === null && count !== 0) return wrong(`The trailer counts ${count} events and names none.`);
  if (last !== null && count !== last - first + 1)
    return wrong(`The trailer counts ${count} events from ${first} to ${last}.`);
  if (last === null || chain.expected > last + 1) return wrong('The file holds more events than its trailer counts.');
  if (before.length !== subtreesBefore(first) || before.some((hash) => hash.length !== 32))
    return wrong('The hashes before the first event are malformed.');
  const said = readCheckpoint(trailer.checkpoint.slice(0, trailer.checkpoint.lastIndexOf('\n\n') + 1));
  if (!said) return wrong('The checkpoint is malformed.');
  if (said.origin !== origin || said.size !== last + 1)
    return wrong('The checkpoint is of another log or another size than the trailer says.');
  if (chain.origin !== null && chain.origin !== origin)
    return wrong(`The records are of ${chain.origin}, the trailer of ${origin}.`);
  try {
    if (vkeys.length === 0 || vkeys.map(readVkey).some(({ name }) => name !== origin))
      return wrong('The keys of the trailer are not of this log.');
    const { signers } = readNote(trailer.checkpoint, chain.keys);
    const own = signers.find((one) => one.name === origin && vouchesAt(said.size, one));
    return own
      ? { problem: null, checkpoint: { ...said, keyId: own.id } }
      : wrong('The checkpoint is not signed by a key of this log that the chain has not retired.');
  } catch (error) {
    return wrong(`The checkpoint does not verify: ${error.message}.`);
  }
}

/**
 * Checks one export file, or a folder that holds `events.ndjson`. Answers the object that --json prints. Throws for a file that cannot be read
 * and for a malformed key.
 */
export async function verifyExport(target, { vkeys = [] } = {}) {
  const path = statSync(target).isDirectory() ? join(target, 'events.ndjson') : target;
  const pinned = vkeys.map(readVkey);
  const { isCut, line } = lastLineOf(path);
  const trailer = line === null ? null : readTrailer(line);
  const keys = pinned.length > 0 ? pinned : (trailer?.vkeys ?? []).flatMap((vkey) => readableKey(vkey));
  const part = trailer && isCoherent(trailer) ? trailer : { first: 0, before: [] };
  const chain = new Chain({ first: part.first, before: part.before, keys });
  let held = null; // one line late, so that the trailer is not taken for an event
  for await (const text of wholeLinesOf(path)) {
    if (held !== null) chain.line(held);
    held = text;
  }
  if (held !== null && trailer === null) chain.line(held);

  const caveats = [];
  if (pinned.length === 0)
    caveats.push(
      'UNPINNED: the key was taken from the file itself, which proves nothing about who wrote it. Give it with --vkey.',
    );
  if (trailer?.first > 0) caveats.push(`PARTIAL: the file begins at position ${trailer.first}.`);
  const answer = (verdict, checkpoint) => ({
    schemaVersion: 1,
    verdict,
    exitCode: EXIT_CODES[verdict],
    headline: headlineOf(verdict, chain, pinned.length > 0),
    trust: pinned.length > 0 ? 'PINNED' : 'UNPINNED',
    origin: chain.origin ?? trailer?.origin ?? null,
    events: chain.lines,
    first: chain.firstSaid,
    last: chain.lastSaid,
    checkpoint: checkpoint && { size: checkpoint.size, root: textOf(checkpoint.root), keyId: checkpoint.keyId },
    findings: chain.findings.sort((a, b) => a.position - b.position),
    caveats: verdict === 'nothing' ? [] : caveats,
  });
  if (chain.lines === 0 && !isCut && (trailer?.count ?? 0) === 0) return answer('nothing', null);

  const { problem, checkpoint } = trailer ? checkTrailer(trailer, chain) : { problem: null, checkpoint: null };
  const isRoot = checkpoint !== null && chain.root().equals(checkpoint.root);
  const end = chain.expected;
  chain.end(trailer !== null && chain.lastSaid === trailer.last && !isRoot ? trailer.head : null);
  if (trailer === null) chain.find('TRUNCATED', end, 'The file was cut: it does not end in a trailer.');
  else if (chain.isSound && trailer.last !== null && end <= trailer.last)
    chain.find('TRUNCATED', end, `The file was cut: its trailer counts events up to ${trailer.last}.`);
  if (problem) chain.find('INVALID', end, problem);
  else if (isRoot && chain.before && textOf(chain.before.hash) !== trailer.head)
    chain.find('INVALID', end, 'The trailer names another head than the last record.');
  else if (chain.isSound && !isRoot)
    chain.find('FORK', trailer?.first ?? 0, 'The records are linked, but are not those that the checkpoint signs.');
  return answer(chain.isSound ? (caveats.length === 0 ? 'ok' : 'caveats') : 'tampered', checkpoint);
}

function readableKey(vkey) {
  try {
    return [readVkey(vkey)];
  } catch {
    return [];
  }
}

function headlineOf(verdict, { lines, findings }, isPinned) {
  if (verdict === 'nothing') return 'NOTHING TO VERIFY: there is no event.';
  const trust = isPinned ? 'signed by the key you gave' : 'UNPINNED: signed by a key from the file itself';
  if (verdict !== 'tampered') return `VERIFIED (${trust}): ${lines} events.`;
  const [worst] = findings.filter(({ kind }) => kind !== 'REDACTED').sort((a, b) => a.position - b.position);
  return `TAMPERED: ${worst.kind} at position ${worst.position}. ${worst.message}`;
}

// --- The command line ----------------------------------------------------------------------------------------------------------------

async function main(args) {
  const options = { vkeys: [], json: false, target: null };
  for (let index = 0; index < args.length; index += 1) {
    const value = () => args[(index += 1)] ?? usage(`${args[index - 1]} wants a value.`);
    if (args[index] === '--json') options.json = true;
    else if (args[index] === '--vkey') options.vkeys.push(value().trim());
    else if (args[index] === '--policy') options.vkeys.push(...keysOfPolicy(value()));
    else if (options.target === null && !args[index].startsWith('-')) options.target = args[index];
    else usage(`What is ${args[index]}?`);
  }
  if (options.target === null) usage('Which file?');
  try {
    options.vkeys.forEach(readVkey);
  } catch (error) {
    usage(error.message);
  }
  const report = await verifyExport(options.target, options);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : told(report));
  process.exitCode = report.exitCode;
}

function told({ headline, origin, first, last, checkpoint, findings, caveats }) {
  const lines = [headline];
  if (origin) lines.push(`log ${origin}, positions ${first} to ${last}`);
  if (checkpoint)
    lines.push(`checkpoint of ${checkpoint.size} events, root ${checkpoint.root}, key ${checkpoint.keyId}`);
  for (const { kind, position, message } of findings.slice(0, 20)) lines.push(`  ${kind} at ${position}: ${message}`);
  if (findings.length > 20) lines.push(`  … and ${findings.length - 20} more (--json shows them)`);
  return `${[...lines, ...caveats].join('\n')}\n`;
}

function keysOfPolicy(path) {
  const keys = readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => /^log\s+(\S+)/.exec(line)?.[1] ?? []);
  return keys.length > 0 ? keys : usage(`${path} names no key ("log <vkey>").`);
}

function usage(problem) {
  process.stderr.write(`${problem}\nUsage: node verify.mjs FILE|FOLDER [--vkey KEY]… [--policy FILE] [--json]\n`);
  process.exit(EXIT_CODES.usage);
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href)
  main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`Could not verify: ${error.message}\n`);
    process.exitCode = EXIT_CODES.error;
  });
