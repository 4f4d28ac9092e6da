import { equalBytes, fromUtf8, type Sha256 } from '../format/bytes';
import { type ChainRecord, hashText, leafHash, nodeHash, ZERO_HASH } from '../format/record';
import { parseRecord, payloadMatches } from './record';

export type FindingKind =
  'GAP' | 'MISSING' | 'INVALID' | 'REORDER' | 'DUPLICATE' | 'TRUNCATED' | 'FORK' | 'ROLLBACK' | 'REDACTED';

/** What is wrong (or, for REDACTED, gone by a recorded decision), and where. */
export interface Finding {
  kind: FindingKind;
  position: number;
  message: string;
}

export interface WalkedEntry {
  record: Uint8Array;
  /** Null: it is not there. Only a PAYLOAD_REDACTED event that names the position excuses that. */
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
}

/**
 * Walks a chain from its first record on, recomputing every hash, link and the Merkle tree. Feed each stored entry in order; then `finish`.
 * It holds O(log n) hashes and the positions of missing payloads.
 */
export class ChainWalk {
  readonly findings: Finding[] = [];
  private readonly hashes: Uint8Array[] = [];
  private readonly missing = new Set<number>();
  private readonly redacted = new Map<number, string>();
  private previous: Uint8Array | null = null;
  /** A record whose link does not hold: its own fault or its predecessor's; the next link tells. */
  private suspect: number | null = null;
  private lastRecordedAt = '';
  /** The chainPosition that the next record must say. */
  private expected = 0;
  origin: string | null = null;
  size = 0;

  constructor(private readonly sha256: Sha256) {}

  get head(): Uint8Array | null {
    return this.previous;
  }

  add(entry: WalkedEntry): ChainRecord | null {
    const position = this.size;
    const blockHash = leafHash(this.sha256, entry.record);
    const record = this.parse(entry.record, position);
    this.appendLeaf(blockHash);
    if (record) this.checkRecord(record, position, entry);
    else {
      this.expected += 1;
      if (this.suspect !== null) this.resolveSuspect(false);
    }
    this.previous = record ? blockHash : null;
    return record;
  }

  /** The root of what was walked so far. */
  root(): Uint8Array {
    const last = this.hashes.at(-1);
    if (last === undefined) return this.sha256(new Uint8Array(0));
    return this.hashes.slice(0, -1).reduceRight((right, left) => nodeHash(this.sha256, left, right), last);
  }

  /** `head`: the block hash that the end must have, when it is known from elsewhere (a trailer, a tile). */
  finish(head?: Uint8Array): Finding[] {
    const endHolds = head === undefined || (this.previous !== null && equalBytes(head, this.previous));
    if (this.suspect !== null) this.resolveSuspect(endHolds);
    else if (!endHolds && this.previous !== null) {
      this.find('INVALID', this.size - 1, 'The last record is not the one that was signed for: it was changed.');
    }
    for (const position of this.missing) {
      const by = this.redacted.get(position);
      if (by === undefined)
        this.find('MISSING', position, 'The payload is missing, and no PAYLOAD_REDACTED event names this position.');
      else this.find('REDACTED', position, `The payload was redacted by ${by}.`);
    }
    this.findings.sort((a, b) => a.position - b.position);
    return this.findings;
  }

  private parse(bytes: Uint8Array, position: number): ChainRecord | null {
    try {
      return parseRecord(bytes);
    } catch (error) {
      this.find('INVALID', position, (error as Error).message);
      return null;
    }
  }

  private checkRecord(record: ChainRecord, position: number, entry: WalkedEntry): void {
    this.origin ??= record.origin;
    if (this.checkPlace(record)) this.checkLink(record, position);
    else if (this.suspect !== null) this.resolveSuspect(true);
    if (record.origin !== this.origin)
      this.find('INVALID', position, `The record belongs to ${record.origin}, not to ${this.origin}.`);
    if (record.recordedAt < this.lastRecordedAt) this.find('INVALID', position, 'recordedAt goes back.');
    this.lastRecordedAt = record.recordedAt;
    if (entry.payload === null) this.missing.add(position);
    else if (!payloadMatches(this.sha256, record, entry.payload))
      this.find('INVALID', position, 'The payload is not the one that the record commits to.');
    else if (record.eventType === 'PAYLOAD_REDACTED' && record.source === 'AUDITAL')
      this.noteRedaction(record, entry.payload.bytes);
  }

  /** False when the record is not the one that comes next; its link then breaks for that reason, and is not looked at. */
  private checkPlace(record: ChainRecord): boolean {
    const said = record.chainPosition;
    const expected = this.expected;
    this.expected = said + 1;
    if (said === expected) return true;
    const kind = said > expected ? 'GAP' : said === expected - 1 ? 'DUPLICATE' : 'REORDER';
    this.find(kind, expected, `The record of position ${said} stands where position ${expected} was expected.`);
    return false;
  }

  private checkLink(record: ChainRecord, position: number): void {
    const expected = position === 0 ? ZERO_HASH : this.previous === null ? null : hashText(this.previous);
    const holds = expected === null || record.prevHash === expected;
    if (this.suspect !== null) this.resolveSuspect(holds);
    else if (!holds && position === 0) this.find('INVALID', 0, 'The first record names a record before it.');
    else if (!holds) this.suspect = position;
  }

  /** `nextHolds`: the record after the suspect names the suspect as it stands, so its predecessor was changed; else the suspect was. */
  private resolveSuspect(nextHolds: boolean): void {
    const position = (this.suspect as number) - (nextHolds ? 1 : 0);
    this.suspect = null;
    this.find(
      'INVALID',
      position,
      `The block hash of position ${position} is not the one that the record after it names: it was changed.`,
    );
  }

  private noteRedaction(record: ChainRecord, payload: Uint8Array): void {
    const positions = positionsIn(payload);
    if (positions === null) {
      this.find('INVALID', record.chainPosition, 'The PAYLOAD_REDACTED event names no positions.');
      return;
    }
    for (const position of positions) this.redacted.set(position, record.id);
  }

  private appendLeaf(leaf: Uint8Array): void {
    let carried = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2))
      carried = nodeHash(this.sha256, this.hashes.pop() as Uint8Array, carried);
    this.hashes.push(carried);
    this.size += 1;
  }

  private find(kind: FindingKind, position: number, message: string): void {
    this.findings.push({ kind, position, message });
  }
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
