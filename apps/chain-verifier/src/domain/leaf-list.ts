import { HASH_BYTES } from '@audital/chain/check';

/** Leaves of a tree one after the other in one growing buffer: a million of them are 32 MB, not a million objects. */
export class LeafList {
  private bytes = new Uint8Array(64 * HASH_BYTES);
  private count = 0;

  constructor(readonly from: number) {}

  /** Takes the leaf when it is the next one; every other is none of the list's. */
  add(index: number, leaf: Uint8Array): void {
    if (index !== this.from + this.count) return;
    const at = this.count * HASH_BYTES;
    if (at === this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(leaf, at);
    this.count += 1;
  }

  /** The leaves below position `to`. */
  upTo(to: number): Uint8Array {
    return this.bytes.subarray(0, Math.max(0, Math.min(this.count, to - this.from)) * HASH_BYTES);
  }
}
