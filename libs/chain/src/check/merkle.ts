import { equalBytes, type Sha256 } from '../format/bytes';
import { nodeHash } from '../format/record';
import { isPowerOfTwo } from '../format/tiles';

const HASH_BYTES = 32;

/** RFC 9162 §2.1.3.2. False for anything malformed; never throws. */
export function verifyInclusion(
  sha256: Sha256,
  claim: { index: number; size: number; leaf: Uint8Array; proof: Uint8Array[]; root: Uint8Array },
): boolean {
  const { index, size, leaf, proof, root } = claim;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if ([leaf, root, ...proof].some((hash) => hash.length !== HASH_BYTES)) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      hash = nodeHash(sha256, hash, sibling);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalBytes(hash, root);
}

/** RFC 9162 §2.1.4.2. A tree of size 0 proves nothing, so `from` must be at least 1, for equal sizes too. */
export function verifyConsistency(
  sha256: Sha256,
  claim: { from: number; to: number; fromRoot: Uint8Array; toRoot: Uint8Array; proof: Uint8Array[] },
): boolean {
  const { from, to, fromRoot, toRoot, proof } = claim;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || from > to) return false;
  if ([fromRoot, toRoot, ...proof].some((hash) => hash.length !== HASH_BYTES)) return false;
  if (from === to) return proof.length === 0 && equalBytes(fromRoot, toRoot);
  const hashes = isPowerOfTwo(from) ? [fromRoot, ...proof] : [...proof];
  const first = hashes.shift();
  if (first === undefined) return false;
  let [node, last] = [from - 1, to - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [oldHash, newHash] = [first, first];
  for (const hash of hashes) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      oldHash = nodeHash(sha256, hash, oldHash);
      newHash = nodeHash(sha256, hash, newHash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else {
      newHash = nodeHash(sha256, newHash, hash);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalBytes(oldHash, fromRoot) && equalBytes(newHash, toRoot);
}
