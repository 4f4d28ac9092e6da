import { fromUtf8, type Sha256 } from '../format/bytes';
import { type Checkpoint, type NoteKey, parseVkey } from '../format/note';
import { InvalidNote, openCheckpoint, openNote, type VerifySignature } from './note';
import { payloadMatches, type ScannedRecord } from './record';
import { KEY_CHANGE_TAG } from './walk';

/** What the old key signs when it hands over: DESIGN §3, keys. */
export const handoverText = (origin: string, vkey: string): string => `audital.key-handover/v1\n${origin}\n${vkey}\n`;

/** A key as readers keep it. */
export interface PinnedKey {
  vkey: string;
  /** Position of the KEY_RETIRED that ended it: it vouches for no checkpoint that covers that. Null: it signs. */
  retiredAt: number | null;
}

export type TrustedKey = NoteKey & PinnedKey;

const signsAt = (size: number, { retiredAt }: PinnedKey): boolean => retiredAt === null || size <= retiredAt;

/**
 * The keys that a reader trusts: those it was given, and those that a trusted one endorsed. The endorsement is a signature, because the chain
 * alone hands over nothing: whoever can rewrite it could write that event too. What retires a key needs none: it only takes trust away.
 */
export class KeyRing {
  readonly keys: TrustedKey[];

  constructor(
    private readonly sha256: Sha256,
    private readonly verify: VerifySignature,
    keys: readonly (string | PinnedKey)[],
  ) {
    this.keys = keys.map((key) => this.parse(key));
  }

  /** What is to be kept, in the order in which it came to be trusted. */
  get pinned(): PinnedKey[] {
    return this.keys.map(({ vkey, retiredAt }) => ({ vkey, retiredAt }));
  }

  /** A key that the reader trusts from elsewhere. False when the text is none. */
  trust(vkey: string): boolean {
    try {
      this.keys.push(this.parse(vkey));
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the event changed which keys are trusted. Feed records in the order of the chain. Hostile ones change nothing. */
  learn(record: ScannedRecord, payload: { salt: Uint8Array; bytes: Uint8Array }): boolean {
    if (!isKeyChange(record) || !payloadMatches(this.sha256, record, payload)) return false;
    try {
      const { kind, vkey, endorsement } = JSON.parse(fromUtf8(payload.bytes)) as Record<string, unknown>;
      if (typeof vkey !== 'string') return false;
      if (kind === 'KEY_RETIRED') return this.retire(vkey, record.chainPosition);
      return kind === 'KEY_ADDED' && typeof endorsement === 'string' && this.add(record, vkey, endorsement);
    } catch {
      return false;
    }
  }

  /** A checkpoint that a trusted key of this log signed, `keys` those that did. Throws InvalidNote. */
  openCheckpoint(note: string): Checkpoint & { keys: TrustedKey[] } {
    const opened = openCheckpoint(note, this.keys, this.verify);
    const keys = opened.keys.filter((key) => signsAt(opened.size, key));
    if (keys.length > 0) return { ...opened, keys };
    throw new InvalidNote(
      `It is signed by a key that the chain retired at position ${opened.keys[0]?.retiredAt ?? 0}, which it covers.`,
    );
  }

  private add(record: ScannedRecord, vkey: string, endorsement: string): boolean {
    const { origin, chainPosition } = record;
    const key = this.parse(vkey);
    if (key.vkey !== vkey || key.name !== origin || this.keys.some((known) => known.vkey === vkey)) return false;
    const { text, keys } = openNote(endorsement, this.keys, this.verify);
    const isEndorsed = keys.some((by) => by.name === origin && signsAt(chainPosition, by));
    if (!isEndorsed || text !== handoverText(origin, vkey)) return false;
    this.keys.push(key);
    return true;
  }

  private retire(vkey: string, position: number): boolean {
    const key = this.keys.find((known) => known.vkey === vkey && known.retiredAt === null);
    if (key) key.retiredAt = position;
    return key !== undefined;
  }

  private parse(key: string | PinnedKey): TrustedKey {
    const { vkey, retiredAt } = typeof key === 'string' ? { vkey: key, retiredAt: null } : key;
    return { ...parseVkey(this.sha256, vkey), vkey: vkey.trim(), retiredAt };
  }
}

/** Whether the record is one that changes keys: seen without its payload. */
export function isKeyChange({
  eventType,
  source,
  tags,
}: Pick<ScannedRecord, 'eventType' | 'source' | 'tags'>): boolean {
  return eventType === 'CONFIG_CHANGE' && source === 'AUDITAL' && tags.includes(KEY_CHANGE_TAG);
}
