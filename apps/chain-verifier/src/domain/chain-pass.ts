import {
  type ChainRecord,
  ChainWalk,
  equalBytes,
  fromUtf8,
  KeyRing,
  payloadMatches,
  type Sha256,
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

export interface StoredRecord {
  revision: number;
  data: Uint8Array;
  /** Null: it is not there. */
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
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

/**
 * One reading of a stored chain, judged by what the verifier remembers. The records are taken in the order of their revisions and by their own
 * word, so that an event which was put in, moved or doubled is called what it is (docs/verify.md); every hash is made from stored bytes.
 */
export class ChainPass {
  /** The first position to feed. */
  readonly from: number;
  private readonly walk: ChainWalk;
  private readonly ring: KeyRing;
  private readonly claimedSize: number | null;
  private readonly leaves: LeafList;
  /** Ranges of records that are not the remembered ones. */
  private readonly changed: { from: number; to: number }[] = [];
  private readonly vkeys: string[];
  private misplaced: { revision: number; said: number } | null = null;
  private rootAtKept: Uint8Array | null = null;
  private reached: Pick<Kept, 'root' | 'head' | 'subtrees'> | null = null;
  private unsignedSince: string | null = null;
  private end: number;

  constructor(
    private readonly sha256: Sha256,
    private readonly verify: VerifySignature,
    private readonly o: PassInput,
  ) {
    const { kept, note, isWhole } = o;
    this.from = isWhole || kept === null ? 0 : kept.size;
    this.end = Math.min(o.total, this.from);
    const later = kept && this.from > 0 ? { first: kept.size, before: kept.subtrees, head: kept.head } : {};
    this.walk = new ChainWalk(sha256, later);
    this.vkeys = [...(kept?.vkeys ?? [])];
    this.ring = new KeyRing(sha256, verify, this.vkeys);
    this.claimedSize = note === null ? null : (unsignedCheckpoint(note)?.size ?? null);
    this.leaves = new LeafList(o.collectFrom);
    this.markRoots();
  }

  /** Whether the records do not lead to the kept checkpoint: then the remembered leaves say which of them were changed. */
  get contradictsKept(): boolean {
    return this.o.kept !== null && !equalBytes(this.rootAtKept ?? new Uint8Array(0), this.o.kept.root);
  }

  add({ revision, data, payload }: StoredRecord): void {
    const record = this.walk.add({ chainPosition: null, record: data, payload });
    const position = record?.chainPosition ?? revision;
    this.end = Math.max(this.end, position + 1);
    const leaf = this.walk.head;
    if (leaf) {
      this.compareLeaf(position, leaf);
      this.leaves.add(this.walk.size - 1, leaf);
    }
    this.markRoots();
    if (!record) return;
    if (record.chainPosition !== revision) this.misplaced ??= { revision, said: record.chainPosition };
    if (position >= (this.claimedSize ?? 0)) this.unsignedSince ??= record.recordedAt;
    if (payload) this.learnKeys(record, payload);
  }

  finish(end: PassEnd): PassResult {
    const { kept, note, origin } = this.o;
    const found = this.chainFindings(end.leavesAreSound);
    const isSound = found.length === 0;
    const judged = judgeNote({
      ...{ origin, kept, note, isSound, end: this.end },
      keys: this.ring.keys,
      root: this.reached?.root ?? null,
      verify: this.verify,
    });
    found.push(...judged.findings);
    const isStale = this.unsignedSince !== null && end.nowMs - Date.parse(this.unsignedSince) > end.staleAfterMs;
    if (isStale && end.newestNote === note) {
      const from = this.claimedSize ?? 0;
      const message = `Events from position ${from} on stand under no checkpoint, the first since ${this.unsignedSince}.`;
      found.push({ code: 'STALE', from, to: this.end - 1, message });
    }
    const redacted = this.walk.findings.filter(({ kind }) => kind === 'REDACTED').length;
    const accepted = this.contradictsKept ? null : this.accepted(judged);
    const holdsTo = accepted?.size ?? (this.contradictsKept ? 0 : (kept?.size ?? 0));
    return { findings: found, accepted, holdsTo, leaves: this.leaves, totalEvents: this.end, redacted };
  }

  private accepted({ opened }: NoteJudgement): Kept | null {
    const { kept, note } = this.o;
    if (opened === null || this.reached === null || note === null) return null;
    if (kept && opened.size === kept.size && this.vkeys.length === kept.vkeys.length) return null;
    return { vkeys: this.vkeys, size: opened.size, note, keyId: opened.keyId, ...this.reached };
  }

  /** What is wrong with the records by themselves, and when compared with what was kept. */
  private chainFindings(leavesAreSound: boolean): PassFinding[] {
    const { kept } = this.o;
    const { walk, contradictsKept } = this;
    const changed = contradictsKept && leavesAreSound ? this.changed : [];
    const isRewritten = changed.length > 0 && (changed[0]?.from ?? 0) < this.end - 1;
    // Nothing names the last record but what was kept.
    const head = kept && contradictsKept && this.end === kept.size && !isRewritten ? kept.head : undefined;
    const own = walk.finish(head).filter(({ kind }) => kind !== 'REDACTED');
    const found = own.map(({ kind, position, message }): PassFinding => {
      const gap = kind === 'GAP' ? walk.gaps.find(({ from }) => from === position) : undefined;
      return { code: kind as PassFinding['code'], from: position, to: gap?.to ?? position, message };
    });
    if (kept && this.end < kept.size) {
      const message = `The ledger ends at ${this.end} events, but a signed checkpoint of ${kept.size} events was kept here.`;
      return [...found, { code: 'ROLLBACK', from: this.end, to: kept.size - 1, message }];
    }
    if (kept && contradictsKept && found.length === 0) {
      const from = changed[0]?.from ?? 0;
      const message = `The records are linked, but from position ${from} on they are not the ones that the kept checkpoint of ${kept.size} events signs.`;
      return [{ code: 'FORK', from, to: kept.size - 1, message }];
    }
    for (const { from, to } of changed) {
      const message = `The record of position ${from} is not the one that was signed for: it was changed.`;
      if (!found.some((one) => one.from <= from && from <= one.to)) found.push({ code: 'INVALID', from, to, message });
    }
    if (found.length === 0 && this.misplaced) {
      const { revision, said } = this.misplaced;
      const message = `The record of position ${said} stands at revision ${revision} of the ledger.`;
      return [{ code: 'INVALID', from: said, to: said, message }];
    }
    return found;
  }

  private compareLeaf(position: number, leaf: Uint8Array): void {
    if (this.o.kept === null || position >= this.o.kept.size) return;
    const signed = this.o.signedLeaf(position);
    if (signed === null || equalBytes(signed, leaf)) return;
    const last = this.changed.at(-1);
    if (last?.to === position - 1) last.to = position;
    else this.changed.push({ from: position, to: position });
  }

  private markRoots(): void {
    const { walk } = this;
    if (walk.size === this.o.kept?.size) this.rootAtKept = walk.root();
    if (walk.size === this.claimedSize && walk.head)
      this.reached = { root: walk.root(), head: walk.head, subtrees: walk.subtrees };
  }

  /** At the first meeting the key is the one that LOG_CREATED names; from then on only by handover from a pinned one. */
  private learnKeys(record: ChainRecord, payload: { salt: Uint8Array; bytes: Uint8Array }): void {
    if (record.eventType === 'LOG_CREATED' && record.chainPosition === 0 && this.vkeys.length === 0) {
      const vkey = payloadMatches(this.sha256, record, payload) ? textAt(payload.bytes, 'vkey') : null;
      if (vkey !== null && this.ring.trust(vkey)) this.vkeys.push(vkey);
    } else if (this.ring.learn(record, payload.bytes)) {
      const vkey = textAt(payload.bytes, 'vkey') as string;
      if (!this.vkeys.includes(vkey)) this.vkeys.push(vkey);
    }
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
