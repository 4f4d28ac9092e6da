import {
  type Finding,
  fromBase64,
  InvalidNote,
  KeyRing,
  type PinnedKey,
  toHex,
  verifyConsistency,
} from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { UsageError } from '../command';
import { learnKeys } from '../live/learn-keys';
import { type Report, reportOf } from './report';

/** Where the hashes between two sizes come from. Answers null when it has none. */
export type ConsistencySource = (from: number, to: number) => Promise<Uint8Array[] | null>;

/** Whether the larger of two signed checkpoints holds the smaller one's tree (RFC 9162 §2.1.4). Their order does not matter. */
export async function verifyTwoCheckpoints(
  notes: readonly [string, string],
  o: {
    vkeys: readonly string[];
    offered: readonly string[];
    source: ConsistencySource;
    /** The proofs of the events that changed keys: asked for when nobody that is trusted signed one of the notes. */
    keyChanges: () => Promise<string[]>;
  },
): Promise<Report> {
  const isPinned = o.vkeys.length > 0;
  const trusted = isPinned ? o.vkeys : o.offered;
  let opened = notes.map((note) => open(note, trusted));
  if (opened.some((one) => typeof one === 'string')) {
    const learnt = learnKeys(trusted, await o.keyChanges());
    opened = notes.map((note) => open(note, learnt));
  }
  const [one, other] = opened as [ReturnType<typeof open>, ReturnType<typeof open>];
  if (typeof one === 'string' || typeof other === 'string') {
    const message = typeof one === 'string' ? `First checkpoint: ${one}` : `Second checkpoint: ${String(other)}`;
    return told(isPinned, null, [{ kind: 'INVALID', position: 0, message }], '');
  }
  if (one.origin !== other.origin) throw new UsageError(`These are two logs: ${one.origin} and ${other.origin}.`);
  const [from, to] = one.size <= other.size ? [one, other] : [other, one];
  const proof = from.size === to.size ? [] : await o.source(from.size, to.size);
  if (proof === null) {
    const path = `/v1/log/consistency?from=${from.size}&to=${to.size}`;
    throw new UsageError(
      `The proof between ${from.size} and ${to.size} is wanted: give --proof FILE (the answer of ${path}), or --url.`,
    );
  }
  const claim = { from: from.size, to: to.size, fromRoot: from.root, toRoot: to.root, proof };
  const message = `The tree of ${to.size} events does not hold the one of ${from.size}: two histories were signed, or the proof is not theirs.`;
  const findings: Finding[] = verifyConsistency(sha256, claim) ? [] : [{ kind: 'FORK', position: from.size, message }];
  return told(isPinned, to, findings, `the tree of ${to.size} events holds the one of ${from.size}`);
}

type Opened = { origin: string; size: number; root: Uint8Array; keyId: string };

function open(note: string, trusted: readonly (string | PinnedKey)[]): Opened | string {
  try {
    const { origin, size, root, keys: signers } = new KeyRing(sha256, verifyEd25519, trusted).openCheckpoint(note);
    return { origin, size, root, keyId: toHex(signers[0]?.keyId ?? new Uint8Array()) };
  } catch (error) {
    if (error instanceof InvalidNote) return error.message;
    throw error;
  }
}

function told(isPinned: boolean, to: Opened | null, findings: Finding[], what: string): Report {
  const caveats = isPinned ? [] : ['UNPINNED: give the key of the log with --vkey, from a source you trust.'];
  const checkpoint = to && { size: to.size, root: `sha256:${toHex(to.root)}`, keyId: to.keyId };
  const verdict = findings.length > 0 ? 'tampered' : isPinned ? 'ok' : 'caveats';
  const trust = isPinned ? 'PINNED' : 'UNPINNED';
  const rest = { origin: to?.origin ?? null, events: null, first: null, last: null, checkpoint };
  return reportOf({ verdict, trust, ...rest, findings, caveats }, what);
}

/** The hashes of a `/v1/log/consistency` answer; null when the text is something else or of other sizes. */
export function consistencyFromJson(text: string, from: number, to: number): Uint8Array[] | null {
  try {
    const answer = JSON.parse(text) as { from: unknown; to: unknown; consistency: unknown };
    if (answer.from !== from || answer.to !== to || !Array.isArray(answer.consistency)) return null;
    return answer.consistency.map((hash) => fromBase64(String(hash)));
  } catch {
    return null;
  }
}
