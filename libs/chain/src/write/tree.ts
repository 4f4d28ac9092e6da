import type { Sha256 } from '../format/bytes';
import { nodeHash } from '../format/record';

/** A Merkle tree as its compact range: the roots of its perfect subtrees, largest first. Appending costs O(log n), whatever its size. */
export interface Tree {
  size: number;
  hashes: Uint8Array[];
}

export const emptyTree = (): Tree => ({ size: 0, hashes: [] });

export function appendLeaf(sha256: Sha256, tree: Tree, leaf: Uint8Array): Tree {
  const grown = { size: tree.size, hashes: [...tree.hashes] };
  growTree(sha256, grown, leaf);
  return grown;
}

/** The same, to the tree itself. */
export function growTree(sha256: Sha256, tree: Tree, leaf: Uint8Array): void {
  let carried = leaf;
  for (let rest = tree.size; rest % 2 === 1; rest = Math.floor(rest / 2))
    carried = nodeHash(sha256, tree.hashes.pop() as Uint8Array, carried);
  tree.hashes.push(carried);
  tree.size += 1;
}

export function treeRoot(sha256: Sha256, tree: Tree): Uint8Array {
  const last = tree.hashes.at(-1);
  if (last === undefined) return sha256(new Uint8Array(0));
  return tree.hashes.slice(0, -1).reduceRight((right, left) => nodeHash(sha256, left, right), last);
}
