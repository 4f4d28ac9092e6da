import {
  type ChainRecord,
  fromBase64,
  fromHex,
  InvalidNote,
  InvalidRecord,
  KeyRing,
  leafHash,
  parseRecord,
  parseTlogProof,
  payloadMatches,
  type PinnedKey,
  toHex,
  unsignedCheckpoint,
  verifyInclusion,
} from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { type Report, reportOf } from './report';

/** An event and what proves it: all bytes as stored, nothing of it believed yet. */
export interface Proof {
  record: Uint8Array;
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
  index: number;
  hashes: Uint8Array[];
  note: string;
  /** Keys that came with it. */
  vkeys: string[];
}

/** The JSON of `GET /v1/audit/:id/proof`, or null when the text is something else. */
export function proofFromJson(text: string): Proof | null {
  try {
    const { record, payload, salt, leafIndex, inclusion, checkpoint, vkeys } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    if (typeof record !== 'string' || typeof checkpoint !== 'string' || !Array.isArray(inclusion)) return null;
    return {
      record: fromBase64(record),
      payload:
        typeof payload === 'string' && typeof salt === 'string'
          ? { salt: fromHex(salt), bytes: fromBase64(payload) }
          : null,
      index: leafIndex as number,
      hashes: inclusion.map((hash) => fromBase64(String(hash))),
      note: checkpoint,
      vkeys: Array.isArray(vkeys) ? vkeys.map(String) : [],
    };
  } catch {
    return null;
  }
}

/** A C2SP .tlog-proof, which has no record: that comes beside it. Throws InvalidNote. */
export function proofFromTlog(text: string, record: Uint8Array): Proof {
  return { record, payload: null, vkeys: [], ...parseTlogProof(text) };
}

/** One event by itself: record, payload, place in the tree, signature. */
export function verifyProof(proof: Proof, vkeys: readonly (string | PinnedKey)[], offered: readonly string[]): Report {
  const isPinned = vkeys.length > 0;
  const claimed = unsignedCheckpoint(proof.note);
  const checked = check(proof, isPinned ? vkeys : offered);
  const isWrong = typeof checked === 'string';
  const caveats = isPinned ? [] : ['UNPINNED: give the key of the log with --vkey, from a source you trust.'];
  if (!isWrong && proof.payload === null)
    caveats.push('RECORD ONLY: the payload is not part of this proof; its hash is.');
  const record = isWrong ? null : checked.record;
  return reportOf(
    {
      verdict: isWrong ? 'tampered' : caveats.length > 0 ? 'caveats' : 'ok',
      trust: isPinned ? 'PINNED' : 'UNPINNED',
      origin: claimed?.origin ?? null,
      events: 1,
      first: proof.index,
      last: proof.index,
      checkpoint: isWrong ? null : checked.checkpoint,
      findings: isWrong ? [{ kind: 'INVALID', position: proof.index, message: checked }] : [],
      caveats,
    },
    record === null ? '' : `${record.eventType} ${record.id} of ${record.timestamp}, position ${record.chainPosition}`,
  );
}

type Checked = { record: ChainRecord; checkpoint: { size: number; root: string; keyId: string } };

/** What was shown, or what is wrong in a sentence. */
function check(
  { record: bytes, payload, index, hashes, note }: Proof,
  trusted: readonly (string | PinnedKey)[],
): Checked | string {
  try {
    const record = parseRecord(bytes);
    if (record.chainPosition !== index) return `The record says position ${record.chainPosition}, the proof ${index}.`;
    if (payload && !payloadMatches(sha256, record, payload)) return 'The payload is not the one of the record.';
    const { origin, size, root, keys: signers } = new KeyRing(sha256, verifyEd25519, trusted).openCheckpoint(note);
    if (origin !== record.origin) return `The record is of ${record.origin}, the checkpoint of ${origin}.`;
    const leaf = leafHash(sha256, bytes);
    if (!verifyInclusion(sha256, { index, size, leaf, proof: hashes, root }))
      return 'The hashes of the proof do not lead from this record to the signed root.';
    const keyId = toHex(signers[0]?.keyId ?? new Uint8Array());
    return { record, checkpoint: { size, root: `sha256:${toHex(root)}`, keyId } };
  } catch (error) {
    if (error instanceof InvalidRecord || error instanceof InvalidNote) return error.message;
    throw error;
  }
}
