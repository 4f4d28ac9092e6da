import { InvalidRecord, KeyRing, parseRecord, type PinnedKey } from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import type { GatewayClient } from '../gateway-client';
import { type Proof, proofFromJson, verifyProof } from '../verify/one-proof';

const CHANGES_MAX = 100;

/** The proofs of the events that change keys, as the log has them; nothing of them is believed yet. */
export async function keyChangesOf(gateway: GatewayClient): Promise<string[]> {
  const path = `/v1/audit?eventType=CONFIG_CHANGE&source=AUDITAL&tags=KEY_CHANGE&limit=${CHANGES_MAX}`;
  const { data } = await gateway.json<{ data: { id: string }[] }>(path);
  const texts: string[] = [];
  for (const { id } of data) texts.push(await gateway.text(`/v1/audit/${id}/proof`));
  return texts;
}

/**
 * The keys that trusted ones handed over to, and those that ended, by proofs of single events: each endorsed, and each in the tree that the
 * resulting keys sign. What does not hold together changes nothing.
 */
export function learnKeys(keys: readonly (string | PinnedKey)[], texts: readonly string[]): PinnedKey[] {
  const ring = new KeyRing(sha256, verifyEd25519, keys);
  const before = ring.pinned;
  const proofs = texts.map(proofFromJson).filter((proof) => proof !== null);
  for (const { record, payload } of proofs.toSorted((a, b) => a.index - b.index)) {
    const parsed = payload && parsedOrNull(record);
    if (parsed && payload) ring.learn(parsed, payload);
  }
  const vkeys = ring.keys.map(({ vkey }) => vkey);
  const isChained = (proof: Proof): boolean => verifyProof(proof, vkeys, []).verdict === 'ok';
  return proofs.every(isChained) ? ring.pinned : before;
}

function parsedOrNull(record: Uint8Array): ReturnType<typeof parseRecord> | null {
  try {
    return parseRecord(record);
  } catch (error) {
    if (!(error instanceof InvalidRecord)) throw error;
    return null;
  }
}
