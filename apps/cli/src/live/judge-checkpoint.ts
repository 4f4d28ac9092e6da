import { equalBytes, fromBase64, InvalidNote, KeyRing, type PinnedKey, verifyConsistency } from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { consistencyFromJson } from '../verify/two-checkpoints';
import { learnKeys } from './learn-keys';

/** What watch remembers between two looks; times in ms since 1970. */
export interface Kept {
  /** The keys that were given, or those of the first look, and the ones that they handed over to. As text: kept before rotations were known. */
  vkeys: (string | PinnedKey)[];
  note: string;
  size: number;
  /** Base64. */
  root: string;
  /** The last look at which nothing was overdue. */
  freshAt: number;
}

export type Alarm = 'FORK' | 'ROLLBACK' | 'STALE' | 'UNTRUSTED';

export interface Judgement {
  alarm: Alarm | null;
  /** False: the log said nothing that could be judged. That is no alarm before it has lasted, and never a good sign. */
  isAnswered: boolean;
  message: string;
  /** To be kept from now on. */
  kept: Kept | null;
  /** What convicts the log, when it signed two histories. */
  evidence: { kept: string; offered: string } | null;
}

/**
 * The newest note, the keys that the log names, the proof from the kept size (JSON), the position of the newest event, and the proofs of the
 * events that change keys, which are asked for when nobody that is known signed the note.
 */
export type Seen =
  | { note: string; vkeys: string[]; proof: string | null; newest: number | null; keyChanges: string[] }
  | { error: string };

/** Decides what one look shows. Nothing but a signed, consistent, not smaller checkpoint replaces the kept one. */
export function judgeCheckpoint(
  seen: Seen,
  o: { kept: Kept | null; vkeys: readonly string[]; now: number; maxAgeMs: number },
): Judgement {
  const { kept, now } = o;
  if ('error' in seen) return unanswered(seen.error, o);
  const trusted = learnKeys(pinnedIn(kept, o.vkeys) ?? seen.vkeys, seen.keyChanges);
  const opened = open(seen.note, trusted);
  if (typeof opened === 'string')
    return {
      alarm: 'UNTRUSTED',
      isAnswered: true,
      message: `The checkpoint is not signed by a kept key: ${opened}`,
      kept,
      evidence: null,
    };
  const { size, root } = opened;
  const next: Kept = {
    vkeys: trusted,
    note: seen.note,
    size,
    root: Buffer.from(root).toString('base64'),
    freshAt: now,
  };
  if (kept === null) return ok(`first checkpoint kept: ${size} events`, next);
  const convicted = (alarm: 'FORK' | 'ROLLBACK', message: string): Judgement => ({
    alarm,
    isAnswered: true,
    message,
    kept,
    evidence: { kept: kept.note, offered: seen.note },
  });
  if (size < kept.size)
    return convicted('ROLLBACK', `The log offers a checkpoint of ${size} events; one of ${kept.size} was kept here.`);
  const keptRoot = fromBase64(kept.root);
  if (size === kept.size && !equalBytes(root, keptRoot))
    return convicted('FORK', `The log signed two different trees of ${size} events.`);
  const proof = size === kept.size ? [] : consistencyFromJson(seen.proof ?? '', kept.size, size);
  if (!proof || !verifyConsistency(sha256, { from: kept.size, to: size, fromRoot: keptRoot, toRoot: root, proof }))
    return convicted(
      'FORK',
      `The tree of ${size} events is not shown to hold the one of ${kept.size} that was kept here.`,
    );
  const isOverdue = size === kept.size && seen.newest !== null && seen.newest >= size;
  if (isOverdue)
    return overdue(`Event ${seen.newest} stands under no checkpoint`, { ...next, freshAt: kept.freshAt }, o);
  return ok(`consistent: ${kept.size} → ${size} events`, next);
}

/** Those that were given count, and of the kept ones what is known of their end; without any given, the kept ones. Null: none. */
function pinnedIn(kept: Kept | null, given: readonly string[]): (string | PinnedKey)[] | null {
  if (given.length === 0) return kept?.vkeys ?? null;
  const known = (vkey: string) => kept?.vkeys.find((one) => typeof one !== 'string' && one.vkey === vkey);
  return given.map((vkey) => known(vkey) ?? vkey);
}

const ok = (message: string, kept: Kept): Judgement => ({
  alarm: null,
  isAnswered: true,
  message,
  kept,
  evidence: null,
});

function unanswered(error: string, o: { kept: Kept | null; now: number; maxAgeMs: number }): Judgement {
  if (o.kept === null) return { alarm: 'STALE', isAnswered: false, message: error, kept: null, evidence: null };
  return { ...overdue(error.replace(/\.$/, ''), o.kept, o), isAnswered: false };
}

function overdue(what: string, kept: Kept, { now, maxAgeMs }: { now: number; maxAgeMs: number }): Judgement {
  const seconds = Math.round((now - kept.freshAt) / 1000);
  const message = `${what}, for ${seconds} s now.`;
  const alarm = now - kept.freshAt > maxAgeMs ? 'STALE' : null;
  return { alarm, isAnswered: true, message, kept, evidence: null };
}

function open(note: string, keys: readonly PinnedKey[]): { size: number; root: Uint8Array } | string {
  try {
    return new KeyRing(sha256, verifyEd25519, keys).openCheckpoint(note);
  } catch (error) {
    if (error instanceof InvalidNote) return error.message;
    throw error;
  }
}
