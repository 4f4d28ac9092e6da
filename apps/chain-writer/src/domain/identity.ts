import { hash } from 'node:crypto';
import { base32, type EventId, facts, type ModelId, type ModelIdentity, ulidTime } from '@audital/contracts';

const REMEMBERED_MAX = 4096;

/** Who an organisation's facts and models are, by its id secret, which never rotates and never leaves the chain-writer. */
export class Identity {
  private readonly hmac: (text: string) => Uint8Array;
  /** A fact is asked for several times while it is sealed. */
  private readonly remembered = new Map<string, { bits: Uint8Array; identity: string }>();

  constructor(idSecret: Uint8Array) {
    this.hmac = hmacSha256(idSecret);
  }

  /** The 80 bits, as 16 characters: what duplicates are looked up by. */
  of(fact: string): string {
    return this.remember(fact).identity;
  }

  eventId(fact: string, timestampMs: number): EventId {
    return `evt_${ulidTime(timestampMs)}${this.of(fact)}`;
  }

  modelId({ rule, value }: ModelIdentity): ModelId {
    return `mdl_${base32(this.remember(facts.model(rule, value)).bits, 26)}`;
  }

  private remember(text: string): { bits: Uint8Array; identity: string } {
    const known = this.remembered.get(text);
    if (known) return known;
    if (this.remembered.size >= REMEMBERED_MAX) this.remembered.clear();
    const bits = this.hmac(text);
    const made = { bits, identity: base32(bits, 16) };
    this.remembered.set(text, made);
    return made;
  }
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
/** Of one UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;
/** Enough for most facts. Hashing is synchronous, so one room is enough. */
const ROOM_BYTES = 4096;

/**
 * HMAC-SHA-256 (RFC 2104) from one-shot hashes: `createHmac` turns its key into a key object for every text, which takes ten times as long
 * as both hashes. By way of binary strings: a buffer made by OpenSSL costs more than the hashing.
 */
export function hmacSha256(secret: Uint8Array): (text: string) => Uint8Array {
  const key = secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret;
  const padded = (pad: number): Buffer =>
    Buffer.from(Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => (key[i] ?? 0) ^ pad));
  const inner = padded(0x36);
  const outer = Buffer.concat([padded(0x5c), Buffer.alloc(HASH_BYTES)]);
  const room = Buffer.concat([inner, Buffer.alloc(ROOM_BYTES)]);
  return (text) => {
    const most = UTF8_BYTES_MAX * text.length;
    const input = most <= ROOM_BYTES ? room : Buffer.concat([inner, Buffer.alloc(most)]);
    const length = BLOCK_BYTES + input.write(text, BLOCK_BYTES, 'utf8');
    outer.write(hash('sha256', input.subarray(0, length), 'binary'), BLOCK_BYTES, 'binary');
    return Buffer.from(hash('sha256', outer, 'binary'), 'binary');
  };
}
