import { hash } from 'node:crypto';
import { base32, type EventId, facts, makeId, type ModelId, type ModelIdentity } from '@audital/contracts';

const REMEMBERED_MAX = 4096;

/** Who an organisation's facts and models are, by its id secret, which never rotates and never leaves the chain-writer. */
export class Identity {
  private readonly hmac: (text: string) => Uint8Array;
  /** A fact is asked for several times while it is sealed. */
  private readonly remembered = new Map<string, Uint8Array>();

  constructor(idSecret: Uint8Array) {
    this.hmac = hmacSha256(idSecret);
  }

  /** The 80 bits, as 16 characters: what duplicates are looked up by. */
  of(fact: string): string {
    return base32(this.bits(fact), 16);
  }

  eventId(fact: string, timestampMs: number): EventId {
    return makeId('evt', timestampMs, this.bits(fact).subarray(0, 10));
  }

  modelId({ rule, value }: ModelIdentity): ModelId {
    return `mdl_${base32(this.bits(facts.model(rule, value)), 26)}`;
  }

  private bits(text: string): Uint8Array {
    const known = this.remembered.get(text);
    if (known) return known;
    if (this.remembered.size >= REMEMBERED_MAX) this.remembered.clear();
    const bits = this.hmac(text);
    this.remembered.set(text, bits);
    return bits;
  }
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) from one-shot hashes: `createHmac` turns its key into a key object for every text, which takes ten times as long
 * as both hashes.
 */
export function hmacSha256(secret: Uint8Array): (text: string) => Uint8Array {
  const key = secret.length > BLOCK_BYTES ? hash('sha256', secret, 'buffer') : secret;
  const padded = (pad: number): Buffer =>
    Buffer.from(Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => (key[i] ?? 0) ^ pad));
  const inner = padded(0x36);
  const outer = Buffer.concat([padded(0x5c), Buffer.alloc(HASH_BYTES)]);
  return (text) => {
    hash('sha256', Buffer.concat([inner, Buffer.from(text, 'utf8')]), 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer, 'buffer');
  };
}
