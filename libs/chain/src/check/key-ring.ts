import { fromUtf8, type Sha256 } from '../format/bytes';
import { type NoteKey, parseVkey } from '../format/note';
import type { ChainRecord } from '../format/record';
import { openNote, type VerifySignature } from './note';
import { KEY_CHANGE_TAG } from './walk';

/** What the old key signs when it hands over: DESIGN §3, keys. */
export const handoverText = (origin: string, vkey: string): string => `audital.key-handover/v1\n${origin}\n${vkey}\n`;

/**
 * The keys that a reader trusts: those it was given, and those that a trusted one endorsed. The endorsement is a signature, because the chain
 * alone hands over nothing: whoever can rewrite it could write that event too.
 */
export class KeyRing {
  readonly keys: NoteKey[];

  constructor(
    private readonly sha256: Sha256,
    private readonly verify: VerifySignature,
    vkeys: readonly string[],
  ) {
    this.keys = vkeys.map((vkey) => parseVkey(sha256, vkey));
  }

  /** A key that the reader trusts from elsewhere. False when the text is none. */
  trust(vkey: string): boolean {
    try {
      this.keys.push(parseVkey(this.sha256, vkey));
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the event endorsed a key that was not trusted yet. Hostile payloads change nothing. */
  learn(record: ChainRecord, payload: Uint8Array): boolean {
    const { eventType, source, tags, origin } = record;
    if (eventType !== 'CONFIG_CHANGE' || source !== 'AUDITAL' || !tags.includes(KEY_CHANGE_TAG)) return false;
    try {
      const { kind, vkey, endorsement } = JSON.parse(fromUtf8(payload)) as Record<string, unknown>;
      if (kind !== 'KEY_ADDED' || typeof vkey !== 'string' || typeof endorsement !== 'string') return false;
      const key = parseVkey(this.sha256, vkey);
      const { text, keys } = openNote(endorsement, this.keys, this.verify);
      const isOurs = key.name === origin && keys.some(({ name }) => name === origin);
      if (!isOurs || text !== handoverText(origin, vkey)) return false;
      this.keys.push(key);
      return true;
    } catch {
      return false;
    }
  }
}
