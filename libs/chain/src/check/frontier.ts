import type { Sha256 } from '../format/bytes';
import { nodeHash } from '../format/record';

/** A Merkle tree that grows leaf by leaf, kept as the roots of its perfect subtrees, largest first: O(log n) hashes, whatever its size. */
export class Frontier {
  private readonly hashes: Uint8Array[];

  /** `hashes` cover the first `size` leaves (none by default). */
  constructor(
    private readonly sha256: Sha256,
    public size = 0,
    hashes: readonly Uint8Array[] = [],
  ) {
    this.hashes = [...hashes];
  }

  append(leaf: Uint8Array): void {
    let carried = leaf;
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.hashes.pop();
      if (left === undefined) break;
      carried = nodeHash(this.sha256, left, carried);
    }
    this.hashes.push(carried);
    this.size += 1;
  }

  /** What another Frontier can go on from. */
  get subtrees(): Uint8Array[] {
    return [...this.hashes];
  }

  root(): Uint8Array {
    const last = this.hashes.at(-1);
    if (last === undefined) return this.sha256(new Uint8Array(0));
    return this.hashes.slice(0, -1).reduceRight((right, left) => nodeHash(this.sha256, left, right), last);
  }
}
