import { equalBytes, fromUtf8, type Sha256 } from '../format/bytes';
import { isHashText, leafHash, ZERO_HASH } from '../format/record';
import { Frontier } from './frontier';
import { payloadMatches, type ScannedRecord, scanRecord } from './record';

export type FindingKind =
  'GAP' | 'MISSING' | 'INVALID' | 'REORDER' | 'DUPLICATE' | 'TRUNCATED' | 'FORK' | 'ROLLBACK' | 'REDACTED';

/** What is wrong (or, for REDACTED, gone by a recorded decision), and where. docs/verify.md has the table. */
export interface Finding {
  kind: FindingKind;
  position: number;
  message: string;
}

export interface WalkedEntry {
  /** Where the file says that the record stands. Null: the record's own word counts, and the order of the entries tells the rest. */
  chainPosition: number | null;
  record: Uint8Array;
  /** Null: it is not there. Only a PAYLOAD_REDACTED event that names the position excuses that. */
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
}

/** The tag of a CONFIG_CHANGE that adds or retires a signing key: it is never redacted, and a reader must see that without the payload. */
export const KEY_CHANGE_TAG = 'KEY_CHANGE';

/** Where a walk over a part begins. */
export interface WalkStart {
  /** The first position; what lies before it was walked by somebody else. */
  first?: number;
  /** The perfect subtrees over what lies before it, largest first. */
  before?: readonly Uint8Array[];
  /** Block hash of the record before it, when that is known: the first link is then looked at too. */
  head?: Uint8Array;
}

/** More is counted, not kept: a file of a million bad lines must not fill the memory. */
const FINDINGS_MAX = 10_000;

/**
 * Walks a chain, recomputing every hash, link and the Merkle tree. Feed each stored entry in order; then `finish`. It holds O(log n) hashes
 * and the positions of gaps and of missing payloads.
 */
export class ChainWalk {
  readonly findings: Finding[] = [];
  /** The tree so far; the leaves before the walk's first record among them. */
  private readonly tree: Frontier;
  /** Positions without a payload, and whether a redaction may excuse that. */
  private readonly missing = new Map<number, boolean>();
  private readonly redacted = new Map<number, string>();
  /** Positions that were passed over and not met since. */
  readonly gaps: { from: number; to: number }[] = [];
  /** The record before, when it could be read. */
  private previous: { position: number; hash: Uint8Array } | null = null;
  /** A record whose link does not hold: its own fault or its predecessor's; the next link tells. */
  private suspect: number | null = null;
  private lastRecordedAt = '';
  /** One more than the largest position that was met. */
  private high: number;
  /** The position that the next entry must have. */
  expected: number;
  origin: string | null = null;

  constructor(
    private readonly sha256: Sha256,
    { first = 0, before = [], head }: WalkStart = {},
  ) {
    [this.expected, this.high] = [first, first];
    this.tree = new Frontier(sha256, first, before);
    if (head) this.previous = { position: first - 1, hash: head };
  }

  /** Leaves of the tree so far, those before the walk's first record among them. */
  get size(): number {
    return this.tree.size;
  }

  /** The perfect subtrees over what was walked so far: what a later walk over the next part is given as `before`. */
  get subtrees(): Uint8Array[] {
    return this.tree.subtrees;
  }

  /** The block hash of the last entry, or null when it could not be read. */
  get head(): Uint8Array | null {
    return this.previous?.hash ?? null;
  }

  add(entry: WalkedEntry): ScannedRecord | null {
    const hash = leafHash(this.sha256, entry.record);
    this.tree.append(hash);
    const record = this.parse(entry);
    if (!record) {
      this.skip();
      return null;
    }
    const inPlace = this.checkPlace(record.chainPosition);
    this.checkLink(record);
    this.previous = { position: record.chainPosition, hash };
    this.checkContent(record, entry, inPlace);
    return record;
  }

  /** An entry that could not even be read as one. */
  addUnreadable(message: string): void {
    this.find('INVALID', this.expected, message);
    this.tree.size += 1;
    this.skip();
  }

  /** The root of what was walked so far. */
  root(): Uint8Array {
    return this.tree.root();
  }

  /** `head`: the block hash that the end must have, when it is known from elsewhere (a trailer, a tile). */
  finish(head?: Uint8Array): Finding[] {
    const endHolds = head === undefined || (this.previous !== null && equalBytes(head, this.previous.hash));
    if (this.suspect !== null) this.resolveSuspect(head !== undefined && endHolds);
    else if (!endHolds && this.previous !== null)
      this.find(
        'INVALID',
        this.previous.position,
        'The last record is not the one that was signed for: it was changed.',
      );
    for (const { from, to } of this.gaps)
      this.find('GAP', from, from === to ? `Position ${from} is missing.` : `Positions ${from} to ${to} are missing.`);
    for (const [position, excusable] of this.missing) {
      const by = excusable ? this.redacted.get(position) : undefined;
      if (by !== undefined) this.find('REDACTED', position, `The payload was redacted by ${by}.`);
      else this.find('MISSING', position, 'The payload is missing, and no PAYLOAD_REDACTED event excuses that.');
    }
    this.findings.sort((a, b) => a.position - b.position);
    return this.findings;
  }

  private parse(entry: WalkedEntry): ScannedRecord | null {
    try {
      const record = scanRecord(entry.record);
      if (entry.chainPosition === null || record.chainPosition === entry.chainPosition) return record;
      const message = `The record says position ${record.chainPosition}, and stands at ${entry.chainPosition}.`;
      this.find('INVALID', this.expected, message);
    } catch (error) {
      this.find('INVALID', this.expected, (error as Error).message);
    }
    return null;
  }

  /** What follows an entry that could not be read has nothing to be linked to. */
  private skip(): void {
    if (this.suspect !== null) this.resolveSuspect(false);
    this.previous = null;
    this.expected += 1;
    this.high = Math.max(this.high, this.expected);
  }

  private checkPlace(said: number): boolean {
    const { expected, high } = this;
    this.expected = said + 1;
    this.high = Math.max(high, said + 1);
    if (said >= high) {
      if (said > high) this.gaps.push({ from: high, to: said - 1 });
      return said === expected;
    }
    if (this.fills(said)) this.find('REORDER', said, `The record of position ${said} comes late, after ${high - 1}.`);
    else this.find('DUPLICATE', said, `Position ${said} stands a second time.`);
    return false;
  }

  /** Takes the position out of the gap that it lies in; false when it was met before. */
  private fills(position: number): boolean {
    const index = this.gaps.findIndex(({ from, to }) => from <= position && position <= to);
    const gap = this.gaps[index];
    if (!gap) return false;
    const rest = [
      { from: gap.from, to: position - 1 },
      { from: position + 1, to: gap.to },
    ];
    this.gaps.splice(index, 1, ...rest.filter(({ from, to }) => from <= to));
    return true;
  }

  private checkLink(record: ScannedRecord): void {
    const { previous, suspect } = this;
    const position = record.chainPosition;
    if (position === 0 && record.prevHash !== ZERO_HASH)
      this.find('INVALID', 0, 'The first record names a record before it.');
    const isNext = previous !== null && position === previous.position + 1;
    const holds = isNext && isHashText(record.prevHash, previous.hash);
    if (suspect !== null) this.resolveSuspect(holds);
    else if (isNext && !holds) this.suspect = position;
  }

  /** `nextHolds`: the record after the suspect names the suspect as it stands, so its predecessor was changed; else the suspect was. */
  private resolveSuspect(nextHolds: boolean): void {
    const position = (this.suspect as number) - (nextHolds ? 1 : 0);
    this.suspect = null;
    const message = nextHolds
      ? `The record of position ${position} was changed: the one after it names another block hash.`
      : `The record of position ${position} does not name the block hash of the one before it.`;
    this.find('INVALID', position, message);
  }

  private checkContent(record: ScannedRecord, entry: WalkedEntry, inPlace: boolean): void {
    const position = record.chainPosition;
    this.origin ??= record.origin;
    if (record.origin !== this.origin)
      this.find('INVALID', position, `The record belongs to ${record.origin}, not to ${this.origin}.`);
    if (inPlace && record.recordedAt < this.lastRecordedAt) this.find('INVALID', position, 'recordedAt goes back.');
    this.lastRecordedAt = record.recordedAt;
    if (entry.payload === null) this.missing.set(position, mayBeRedacted(record));
    else if (!payloadMatches(this.sha256, record, entry.payload))
      this.find('INVALID', position, 'The payload is not the one that the record commits to.');
    else if (record.eventType === 'PAYLOAD_REDACTED' && record.source === 'AUDITAL')
      this.noteRedaction(record, entry.payload.bytes);
  }

  private noteRedaction(record: ScannedRecord, payload: Uint8Array): void {
    const positions = positionsIn(payload);
    if (positions === null)
      this.find('INVALID', record.chainPosition, 'The PAYLOAD_REDACTED event names no positions.');
    for (const position of positions ?? []) if (position < record.chainPosition) this.redacted.set(position, record.id);
  }

  private find(kind: FindingKind, position: number, message: string): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push({ kind, position, message });
  }
}

function mayBeRedacted({ eventType, source, tags }: ScannedRecord): boolean {
  if (source !== 'AUDITAL') return true;
  if (eventType === 'LOG_CREATED' || eventType === 'PAYLOAD_REDACTED') return false;
  return eventType !== 'CONFIG_CHANGE' || !tags.includes(KEY_CHANGE_TAG);
}

/** Hostile bytes, whatever they hash to: null when they name no positions. */
function positionsIn(payload: Uint8Array): number[] | null {
  try {
    const { positions } = JSON.parse(fromUtf8(payload)) as { positions?: unknown };
    return Array.isArray(positions) ? positions.filter((one): one is number => Number.isSafeInteger(one)) : null;
  } catch {
    return null;
  }
}
