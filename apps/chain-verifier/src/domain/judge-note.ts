import {
  type Checkpoint,
  equalBytes,
  InvalidNote,
  type KeyRing,
  toHex,
  unsignedCheckpoint,
} from '@audital/chain/check';
import type { Kept } from './kept';
import type { PassFinding } from './pass-findings';

export interface NoteInput {
  origin: string;
  kept: Kept | null;
  note: string | null;
  /** What is trusted after everything that the note covers. */
  ring: KeyRing;
  /** The root that the stored records lead to at the size that the note claims; null: they do not reach it. */
  root: Uint8Array | null;
  /** One more than the last position that is stored. */
  end: number;
  /** Nothing is wrong with the records themselves. */
  isSound: boolean;
}

export interface NoteJudgement {
  findings: PassFinding[];
  /** The checkpoint, when a pinned key signed it and the records lead to its root. */
  opened: { size: number; keyId: string } | null;
}

const wrong = (code: PassFinding['code'], from: number, to: number, message: string): NoteJudgement => ({
  findings: [{ code, from, to, message }],
  opened: null,
});

/** Whether the newest checkpoint that the ledger shows is one to be kept: signature, then size and root, then the memory of older ones. */
export function judgeNote(input: NoteInput): NoteJudgement {
  const { kept, note, origin, end } = input;
  if (note === null) {
    if (kept === null) return { findings: [], opened: null };
    const message = `The ledger shows no checkpoint; a signed one of ${kept.size} events was kept here.`;
    return wrong('ROLLBACK', 0, kept.size - 1, message);
  }
  // Where an unsigned note says that it belongs is nothing to go by.
  const at = kept?.size ?? end;
  const claim = unsignedCheckpoint(note);
  if (claim === null || claim.size === 0)
    return wrong('INVALID', at, at, 'The newest checkpoint of the ledger is not well formed.');
  if (claim.origin !== origin) return wrong('INVALID', at, at, `The checkpoint belongs to the log ${claim.origin}.`);
  const signed = signature(input, at);
  if ('findings' in signed) return signed;
  if (kept && claim.size < kept.size) {
    const message = `The newest checkpoint of the ledger covers ${claim.size} events; a signed one of ${kept.size} events was kept here.`;
    return wrong('ROLLBACK', claim.size, kept.size - 1, message);
  }
  return place(input, claim, signed);
}

function signature({ note, ring, end }: NoteInput, at: number): { keyId: string } | NoteJudgement {
  if (ring.keys.length === 0) {
    const message = 'The log names no key in its first event, so no signature can be believed.';
    return end === 0 ? { findings: [], opened: null } : wrong('INVALID', at, at, message);
  }
  try {
    const { keys: signers } = ring.openCheckpoint(note as string);
    return { keyId: toHex(signers[0]?.keyId ?? new Uint8Array(0)) };
  } catch (error) {
    if (!(error instanceof InvalidNote)) throw error;
    return wrong('INVALID', at, at, `The newest checkpoint is not signed by a pinned key: ${error.message}`);
  }
}

function place(input: NoteInput, claim: Checkpoint, { keyId }: { keyId: string }): NoteJudgement {
  const { kept, root, end, isSound } = input;
  const { size } = claim;
  if (root !== null && equalBytes(root, claim.root)) return { findings: [], opened: { size, keyId } };
  if (end < size) {
    // That the ledger is shorter than what was kept has been said already.
    if (kept && end < kept.size) return { findings: [], opened: null };
    return wrong(
      'ROLLBACK',
      end,
      size - 1,
      `The ledger ends at ${end} events, but a checkpoint of ${size} was signed.`,
    );
  }
  if (!isSound) return { findings: [], opened: null };
  const from = kept && kept.size < size ? kept.size : 0;
  const message = `The stored records do not lead to the root that was signed for ${size} events: two histories exist.`;
  return wrong('FORK', from, size - 1, message);
}
