import { type ChainRecord, equalBytes, hashBytes } from '@audital/chain/check';

/**
 * The leaves that a chain must have had when it was signed, worked out from what is stored now. Going back from the end, a record that
 * hashes to what is expected of it is genuine, so the hash that it names of the record before is the one that was signed; a record that
 * was changed keeps the hash expected of it, and about the one before nothing better is known than its own bytes. Nobody has to believe
 * the result: it counts only if it leads to the signed root.
 */
export function expectedLeaves(
  stored: readonly { hash: Uint8Array; record: ChainRecord | null }[],
  anchor: { position: number; head: Uint8Array } | null,
): Uint8Array[] {
  const leaves = stored.map(({ hash }) => hash);
  let expected: Uint8Array | null = null;
  for (let position = stored.length - 1; position >= 0; position -= 1) {
    const { hash, record } = stored[position] as (typeof stored)[number];
    if (anchor?.position === position) expected = anchor.head;
    const leaf: Uint8Array = expected ?? hash;
    leaves[position] = leaf;
    expected = record !== null && equalBytes(hash, leaf) && position > 0 ? hashBytes(record.prevHash) : null;
  }
  return leaves;
}
