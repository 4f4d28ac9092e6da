import { equalBytes, type Sha256 } from '../format/bytes';
import type { ScannedRecord } from './record';
import { ChainWalk, type FindingKind, type WalkStart } from './walk';

/** What is wrong with a stored chain. Positions, both inclusive. */
export interface RangeFinding {
  kind: Exclude<FindingKind, 'REDACTED'>;
  from: number;
  to: number;
  message: string;
}

/** A checkpoint that the reader keeps outside the store: what the store has to lead to. */
export interface KeptTree {
  size: number;
  root: Uint8Array;
  /** Block hash of the last record under it. */
  head: Uint8Array;
}

export interface StoredEntry {
  revision: number;
  data: Uint8Array;
  /** Null: it is not there. */
  payload: { salt: Uint8Array; bytes: Uint8Array } | null;
}

export interface StoredWalkOptions extends WalkStart {
  kept: KeptTree | null;
  /** What the reader remembers of the leaves under the kept tree; null: nothing of this one. */
  rememberedLeaf: (position: number) => Uint8Array | null;
}

/**
 * A walk over a chain as a ledger stores it, judged by what the reader kept outside. Records are taken in the order of their revisions and by their
 * own word, so that one which was put in, moved or doubled is called what it is (docs/verify.md); compared with remembered leaves, a history that
 * was written anew with links that hold is named from its first other record on.
 */
export class StoredWalk {
  private readonly walk: ChainWalk;
  /** Ranges of records that are not the remembered ones. */
  private readonly changed: { from: number; to: number }[] = [];
  private misplaced: { revision: number; said: number } | null = null;
  private rootAtKept: Uint8Array | null = null;
  /** One more than the largest position that was met. */
  end: number;

  /** `total`: how many records the store says that it holds. */
  constructor(
    sha256: Sha256,
    total: number,
    private readonly o: StoredWalkOptions,
  ) {
    this.walk = new ChainWalk(sha256, o);
    this.end = Math.min(total, o.first ?? 0);
    this.noteRoot();
  }

  /** Leaves so far, those before the first record among them. */
  get size(): number {
    return this.walk.size;
  }

  get head(): Uint8Array | null {
    return this.walk.head;
  }

  get subtrees(): Uint8Array[] {
    return this.walk.subtrees;
  }

  root(): Uint8Array {
    return this.walk.root();
  }

  /** Whether the records do not lead to the kept root: then the remembered leaves say which of them were changed. */
  get contradictsKept(): boolean {
    const { kept } = this.o;
    return kept !== null && (this.rootAtKept === null || !equalBytes(this.rootAtKept, kept.root));
  }

  add({ revision, data, payload }: StoredEntry): ScannedRecord | null {
    const record = this.walk.add({ chainPosition: null, record: data, payload });
    const position = record?.chainPosition ?? revision;
    this.end = Math.max(this.end, position + 1);
    if (this.walk.head) this.compareLeaf(position, this.walk.head);
    this.noteRoot();
    if (record && record.chainPosition !== revision) this.misplaced ??= { revision, said: record.chainPosition };
    return record;
  }

  /** `leavesAreSound`: the remembered leaves lead to the kept root. `redacted`: payloads that are gone by a recorded decision. */
  finish(leavesAreSound: boolean): { findings: RangeFinding[]; redacted: number } {
    const { kept } = this.o;
    const changed = this.contradictsKept && leavesAreSound ? this.changed : [];
    const found = this.linkFindings(changed);
    const redacted = this.walk.findings.filter(({ kind }) => kind === 'REDACTED').length;
    if (kept && this.end < kept.size) {
      const message = `The ledger ends at ${this.end} events, but a signed checkpoint of ${kept.size} events was kept here.`;
      found.push({ kind: 'ROLLBACK', from: this.end, to: kept.size - 1, message });
    } else if (kept && this.contradictsKept && found.length === 0) {
      const from = changed[0]?.from ?? 0;
      const message = `The records are linked, but from position ${from} on they are not the ones that the kept checkpoint of ${kept.size} events signs.`;
      found.push({ kind: 'FORK', from, to: kept.size - 1, message });
    } else {
      found.push(...changedFindings(changed, found));
      if (found.length === 0 && this.misplaced) found.push(misplacedFinding(this.misplaced));
    }
    return { findings: found, redacted };
  }

  private linkFindings(changed: readonly { from: number }[]): RangeFinding[] {
    const { kept } = this.o;
    const isRewritten = changed.length > 0 && (changed[0]?.from ?? 0) < this.end - 1;
    // Nothing in the store names the last record.
    const head = kept && this.contradictsKept && this.end === kept.size && !isRewritten ? kept.head : undefined;
    return this.walk.finish(head).flatMap(({ kind, position: from, message }): RangeFinding[] => {
      if (kind === 'REDACTED') return [];
      const gap = kind === 'GAP' ? this.walk.gaps.find((one) => one.from === from) : undefined;
      return [{ kind, from, to: gap?.to ?? from, message }];
    });
  }

  private compareLeaf(position: number, leaf: Uint8Array): void {
    if (this.o.kept === null || position >= this.o.kept.size) return;
    const remembered = this.o.rememberedLeaf(position);
    if (remembered === null || equalBytes(remembered, leaf)) return;
    const last = this.changed.at(-1);
    if (last?.to === position - 1) last.to = position;
    else if (this.changed.length < RANGES_MAX) this.changed.push({ from: position, to: position });
  }

  private noteRoot(): void {
    if (this.walk.size === this.o.kept?.size) this.rootAtKept = this.walk.root();
  }
}

const RANGES_MAX = 10_000;

function changedFindings(
  changed: readonly { from: number; to: number }[],
  known: readonly RangeFinding[],
): RangeFinding[] {
  const taken = new Set(known.map(({ from }) => from));
  return changed.flatMap(({ from, to }) => {
    const message = `The record of position ${from} is not the one that was signed for: it was changed.`;
    return taken.has(from) ? [] : [{ kind: 'INVALID' as const, from, to, message }];
  });
}

function misplacedFinding({ revision, said }: { revision: number; said: number }): RangeFinding {
  const message = `The record of position ${said} stands at revision ${revision} of the ledger.`;
  return { kind: 'INVALID', from: said, to: said, message };
}
