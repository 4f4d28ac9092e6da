import { createHmac } from 'node:crypto';
import { base32, type EventId, facts, makeId, type ModelId, type ModelIdentity } from '@audital/contracts';

/** Who an organisation's facts and models are, by its id secret, which never rotates and never leaves the chain-writer. */
export class Identity {
  constructor(private readonly idSecret: Uint8Array) {}

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
    return createHmac('sha256', this.idSecret).update(text).digest();
  }
}
