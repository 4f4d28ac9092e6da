import {
  equalBytes,
  InvalidNote,
  KeyRing,
  leafHash,
  parseRecord,
  type PinnedKey,
  type Sha256,
  toHex,
  unsignedCheckpoint,
  verifyConsistency,
  type VerifySignature,
} from '@audital/chain/check';
import type { TrustedCheckpoint } from './verify-event';

/** What this reader keeps outside the ledger for each organisation: it cannot be rebuilt. */
export interface Pin {
  /** The key that was met first, and those that it handed over to, oldest first. */
  keys: PinnedKey[];
  /** The newest checkpoint that was accepted. */
  checkpoint: TrustedCheckpoint;
  /** Block hash of the last record under it. */
  head: Uint8Array;
}

/** An event that says of itself that it changes keys, as it is stored. */
export interface StoredKeyChange {
  position: number;
  record: Uint8Array;
  payload: { salt: Uint8Array; bytes: Uint8Array };
}

/** The gateway's Merkle tree, as far as it has been indexed. */
export interface KnownTree {
  size: number;
  root(size: number): Uint8Array;
  leaf(index: number): Uint8Array;
  consistencyProof(from: number, to: number): Uint8Array[];
}

export type Offer =
  | { outcome: 'ACCEPTED'; pin: Pin }
  /** It is older than the kept one, and consistent with it. */
  | { outcome: 'KNOWN' }
  /** The index has to catch up first. */
  | { outcome: 'WAIT' }
  | { outcome: 'REFUSED'; code: RefusalCode; reason: string };

export type RefusalCode = 'UNPINNED' | 'CHECKPOINT_INVALID' | 'ROOT_MISMATCH' | 'FORK';

export interface OfferInput {
  origin: string;
  note: string;
  pin: Pin | null;
  /** The log's first key, as LOG_CREATED names it; it is only believed when nothing is pinned yet. */
  firstVkey: string | null;
  /** In the order of the chain, from the kept checkpoint on at least. */
  keyChanges: readonly StoredKeyChange[];
  tree: KnownTree;
}

/** Whether a signed note becomes the checkpoint that answers are verified under (DESIGN §4): signature, then root, then consistency. */
export function offerCheckpoint(sha256: Sha256, verify: VerifySignature, input: OfferInput): Offer {
  const { pin, tree } = input;
  const known = pin?.keys ?? (input.firstVkey === null ? [] : [{ vkey: input.firstVkey, retiredAt: null }]);
  if (known.length === 0)
    return refused('UNPINNED', 'The log names no key in its first event, so no signature can be believed.');
  const opened = open(sha256, verify, input, known);
  if ('outcome' in opened) return opened;
  const { checkpoint, keys } = opened;
  if (checkpoint.size > tree.size) return { outcome: 'WAIT' };
  if (pin && checkpoint.size < pin.checkpoint.size) return older(checkpoint, pin, tree);
  if (!equalBytes(tree.root(checkpoint.size), checkpoint.root)) return mismatch(checkpoint, pin, tree);
  if (pin && !consistent(sha256, pin.checkpoint, checkpoint, tree)) return fork(checkpoint, pin);
  return { outcome: 'ACCEPTED', pin: { keys, checkpoint, head: tree.leaf(checkpoint.size - 1) } };
}

function open(
  sha256: Sha256,
  verify: VerifySignature,
  o: OfferInput,
  known: readonly PinnedKey[],
): { checkpoint: TrustedCheckpoint; keys: PinnedKey[] } | Extract<Offer, { outcome: 'REFUSED' }> {
  try {
    const ring = new KeyRing(sha256, verify, known);
    learn(sha256, ring, o);
    const { origin, size, root, keys } = ring.openCheckpoint(o.note);
    if (origin !== o.origin) return refused('CHECKPOINT_INVALID', `The checkpoint belongs to the log ${origin}.`);
    if (size === 0) return refused('CHECKPOINT_INVALID', 'The checkpoint covers nothing.');
    const keyId = toHex((keys[0] as (typeof keys)[number]).keyId);
    return { checkpoint: { size, root, note: o.note, keyId }, keys: ring.pinned };
  } catch (error) {
    if (error instanceof InvalidNote || error instanceof RangeError)
      return refused('CHECKPOINT_INVALID', error.message);
    throw error;
  }
}

/**
 * What the note covers, and our tree has, may hand over to a key that signed it. All of it is believed only when the note is accepted: then
 * its root is the one of these very records.
 */
function learn(sha256: Sha256, ring: KeyRing, { note, keyChanges, tree }: OfferInput): void {
  const size = Math.min(tree.size, unsignedCheckpoint(note)?.size ?? 0);
  for (const { position, record, payload } of keyChanges) {
    if (position < size && equalBytes(leafHash(sha256, record), tree.leaf(position)))
      ring.learn(parseRecord(record), payload);
  }
}

/** A signed older tree with another root is a fork just as well. */
function older(checkpoint: TrustedCheckpoint, pin: Pin, tree: KnownTree): Offer {
  const ownTreeIsRight =
    tree.size >= pin.checkpoint.size && equalBytes(tree.root(pin.checkpoint.size), pin.checkpoint.root);
  if (!ownTreeIsRight || equalBytes(tree.root(checkpoint.size), checkpoint.root)) return { outcome: 'KNOWN' };
  return fork(checkpoint, pin);
}

/** Either our tree was built from changed records, or the log signed two histories: the kept root tells which. */
function mismatch(checkpoint: TrustedCheckpoint, pin: Pin | null, tree: KnownTree): Offer {
  if (pin && equalBytes(tree.root(pin.checkpoint.size), pin.checkpoint.root) && checkpoint.size === pin.checkpoint.size)
    return fork(checkpoint, pin);
  return refused(
    'ROOT_MISMATCH',
    `The stored records do not lead to the root of the signed checkpoint of ${checkpoint.size} events.`,
  );
}

function consistent(sha256: Sha256, kept: TrustedCheckpoint, next: TrustedCheckpoint, tree: KnownTree): boolean {
  const proof = tree.consistencyProof(kept.size, next.size);
  return verifyConsistency(sha256, { from: kept.size, to: next.size, fromRoot: kept.root, toRoot: next.root, proof });
}

const fork = (checkpoint: TrustedCheckpoint, pin: Pin): Offer =>
  refused(
    'FORK',
    `The log signed a checkpoint of ${checkpoint.size} events that is not consistent with the one of ${pin.checkpoint.size} events kept here.`,
  );

const refused = (code: RefusalCode, reason: string): Extract<Offer, { outcome: 'REFUSED' }> => ({
  outcome: 'REFUSED',
  code,
  reason,
});
