const BITS_PER_IDENTITY = 16;
const HASHES = 4;
const SMALLEST = 2 ** 20;
const FNV_PRIME = 0x01000193;

/**
 * Says of most identities that were never added that they were not (a Bloom filter), without a look into the index: what a new fact costs does
 * not depend on how long the chain is. One in four hundred is looked up in vain while it holds what it was made for; it never errs the other way.
 */
export class IdentityFilter {
  private readonly words: Uint32Array;
  private readonly mask: number;

  /** `shared`: of `bufferFor`; two threads may add at once. */
  constructor(readonly shared: SharedArrayBuffer) {
    this.words = new Uint32Array(shared);
    this.mask = this.words.length * 32 - 1;
  }

  /** Bytes, all zero, for twice as many identities as there are. */
  static bufferFor(identities: number): SharedArrayBuffer {
    const room = Math.max(SMALLEST, 2 * identities);
    return new SharedArrayBuffer((2 ** Math.ceil(Math.log2(room)) * BITS_PER_IDENTITY) / 8);
  }

  add(identity: string): void {
    const [first, step] = [fnv(identity, 0), fnv(identity, identity.length >> 1)];
    for (let i = 0; i < HASHES; i += 1) {
      const bit = (first + Math.imul(i, step)) & this.mask;
      Atomics.or(this.words, bit >>> 5, 1 << (bit & 31));
    }
  }

  mayHold(identity: string): boolean {
    const [first, step] = [fnv(identity, 0), fnv(identity, identity.length >> 1)];
    for (let i = 0; i < HASHES; i += 1) {
      const bit = (first + Math.imul(i, step)) & this.mask;
      if (((this.words[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** FNV-1a over half of an identity, which is random already. Odd, so that as a step it visits other bits. */
function fnv(identity: string, from: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < from + (identity.length >> 1); index += 1)
    hash = Math.imul(hash ^ identity.charCodeAt(index), FNV_PRIME);
  return hash | 1;
}
