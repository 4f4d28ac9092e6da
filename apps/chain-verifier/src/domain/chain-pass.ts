import {
  type ScannedRecord,
  fromUtf8,
  KeyRing,
  payloadMatches,
  type Sha256,
  type StoredEntry,
  StoredWalk,
  unsignedCheckpoint,
  type VerifySignature,
} from '@audital/chain/check';
import { judgeNote, type NoteJudgement } from './judge-note';
import type { Kept } from './kept';
import { LeafList } from './leaf-list';
import type { PassFinding } from './pass-findings';

export interface PassInput {
  origin: string;
  /** Null: this log is met for the first time. */
  kept: Kept | null;
  /** The newest note that the ledger shows, taken before the records are read; null: none. */
  note: string | null;
  /** From position 0, or from the kept checkpoint on. */
  isWhole: boolean;
  /** How many records the ledger says that it holds. */
  total: number;
  /** What the verifier remembers of the leaves under the kept checkpoint. It is believed only when it leads to the kept root. */
  signedLeaf: (position: number) => Uint8Array | null;
  /** Leaves from this position on are collected for that memory. */
  collectFrom: number;
}

export interface PassEnd {
  /** The newest note now: when it is another than at the start, the log is alive, and nothing is overdue. */
  newestNote: string | null;
  /** Whether the remembered leaves lead to the kept root. */
  leavesAreSound: boolean;
  nowMs: number;
  staleAfterMs: number;
}

export interface PassResult {
  findings: PassFinding[];
  /** What is to be kept from now on; null: nothing new. */
  accepted: Kept | null;
  /** Up to here the records lead to a root that is kept now; 0: they do not. */
  holdsTo: number;
  /** The leaves of what was walked, from `collectFrom` on. */
  leaves: LeafList;
  totalEvents: number;
  /** Payloads that are gone by a recorded decision. */
  redacted: number;
}

/** One reading of a stored chain, judged by what the verifier remembers; every hash is made from stored bytes. */
export class ChainPass {
  /** The first position to feed. */
  readonly from: number;
  private readonly walk: StoredWalk;
  private readonly ring: KeyRing;
  private readonly claimedSize: number | null;
  private readonly leaves: LeafList;
  private reached: Pick<Kept, 'root' | 'head' | 'subtrees'> | null = null;
  private unsignedSince: string | null = null;

  constructor(
    private readonly sha256: Sha256,
    verify: VerifySignature,
    private readonly o: PassInput,
  ) {
    const { kept, note, isWhole, total, signedLeaf } = o;
    this.from = isWhole || kept === null ? 0 : kept.size;
    const later = kept && this.from > 0 ? { first: kept.size, before: kept.subtrees, head: kept.head } : {};
    this.walk = new StoredWalk(sha256, total, { ...later, kept, rememberedLeaf: signedLeaf });
    this.ring = new KeyRing(sha256, verify, kept?.keys ?? []);
    this.claimedSize = note === null ? null : (unsignedCheckpoint(note)?.size ?? null);
    this.leaves = new LeafList(o.collectFrom);
    this.markReached();
  }

  /** Whether the records do not lead to the kept checkpoint: then the remembered leaves say which of them were changed. */
  get contradictsKept(): boolean {
    return this.walk.contradictsKept;
  }

  add(entry: StoredEntry): void {
    const record = this.walk.add(entry);
    if (this.walk.head) this.leaves.add(this.walk.size - 1, this.walk.head);
    this.markReached();
    if (!record) return;
    if (record.chainPosition >= (this.claimedSize ?? 0)) this.unsignedSince ??= record.recordedAt;
    // What no signature covers yet changes no key: anybody who can write the store could have put it there.
    else if (entry.payload) this.learnKeys(record, entry.payload);
  }

  finish(end: PassEnd): PassResult {
    const { kept, note, origin } = this.o;
    const { findings, redacted } = this.walk.finish(end.leavesAreSound);
    const found = findings.map(({ kind, ...rest }): PassFinding => ({ code: kind, ...rest }));
    const isSound = found.length === 0;
    const judged = judgeNote({
      ...{ origin, kept, note, isSound, end: this.walk.end },
      ring: this.ring,
      root: this.reached?.root ?? null,
    });
    found.push(...judged.findings);
    const isStale = this.unsignedSince !== null && end.nowMs - Date.parse(this.unsignedSince) > end.staleAfterMs;
    if (isStale && end.newestNote === note) {
      const from = this.claimedSize ?? 0;
      const message = `Events from position ${from} on stand under no checkpoint, the first since ${this.unsignedSince}.`;
      found.push({ code: 'STALE', from, to: this.walk.end - 1, message });
    }
    const accepted = this.contradictsKept ? null : this.accepted(judged);
    const holdsTo = accepted?.size ?? (this.contradictsKept ? 0 : (kept?.size ?? 0));
    return { findings: found, accepted, holdsTo, leaves: this.leaves, totalEvents: this.walk.end, redacted };
  }

  private accepted({ opened }: NoteJudgement): Kept | null {
    const { kept, note } = this.o;
    if (opened === null || this.reached === null || note === null) return null;
    if (kept && opened.size === kept.size) return null;
    return { keys: this.ring.pinned, size: opened.size, note, keyId: opened.keyId, ...this.reached };
  }

  /** The tree at the size that the newest note claims. */
  private markReached(): void {
    const { walk } = this;
    if (walk.size === this.claimedSize && walk.head)
      this.reached = { root: walk.root(), head: walk.head, subtrees: walk.subtrees };
  }

  /** At the first meeting the key is the one that LOG_CREATED names; from then on only by handover from a pinned one. */
  private learnKeys(record: ScannedRecord, payload: { salt: Uint8Array; bytes: Uint8Array }): void {
    if (record.eventType === 'LOG_CREATED' && record.chainPosition === 0 && this.ring.keys.length === 0) {
      const vkey = payloadMatches(this.sha256, record, payload) ? textAt(payload.bytes, 'vkey') : null;
      if (vkey !== null) this.ring.trust(vkey);
    } else this.ring.learn(record, payload);
  }
}

function textAt(payload: Uint8Array, name: string): string | null {
  try {
    const value = (JSON.parse(fromUtf8(payload)) as Record<string, unknown>)[name];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
