import { equalBytes, type Sha256, toHex } from '../format/bytes';
import { parseVkey } from '../format/note';
import {
  type DecodeBase64,
  parseExportLine,
  partBefore,
  parseTrailer,
  type ReadTrailer,
  trailerProblem,
  UnreadableLine,
} from './export';
import { KeyRing } from './key-ring';
import { InvalidNote, type VerifySignature } from './note';
import { ChainWalk, type Finding } from './walk';

export type ExportVerdict = 'ok' | 'tampered' | 'caveats' | 'nothing';

/** What `--json` prints of an export, but for the exit code (docs/verify.md). */
export interface ExportReport {
  verdict: ExportVerdict;
  trust: 'PINNED' | 'UNPINNED';
  origin: string | null;
  events: number;
  first: number | null;
  last: number | null;
  checkpoint: { size: number; root: string; keyId: string } | null;
  findings: Finding[];
  caveats: string[];
}

export interface ExportCheckOptions {
  sha256: Sha256;
  verify: VerifySignature;
  /** Node's own base64 is faster than this library's; it must be as strict. */
  decodeBase64?: DecodeBase64;
  /** The keys that the reader trusts; none: those of the trailer are taken, and the result is UNPINNED. */
  vkeys: readonly string[];
  /** The last line of the file, without its newline: read first, because it says where the file begins. */
  lastLine: string | null;
}

interface SignedCheckpoint {
  size: number;
  root: Uint8Array;
  keyId: string;
}

/** Checks an export line by line in constant memory. Feed every line but a trailer; then `finish`. */
export class ExportCheck {
  /** Null: the last line is no trailer, and is fed as a line. */
  readonly trailer: ReadTrailer | null;
  readonly walk: ChainWalk;
  private readonly ring: KeyRing;
  private readonly isPinned: boolean;
  private firstSaid: number | null = null;
  private lastSaid: number | null = null;
  private lines = 0;

  constructor(private readonly o: ExportCheckOptions) {
    this.trailer = o.lastLine === null ? null : parseTrailer(o.lastLine);
    this.walk = new ChainWalk(o.sha256, this.trailer ? partBefore(this.trailer) : {});
    this.isPinned = o.vkeys.length > 0;
    this.ring = new KeyRing(o.sha256, o.verify, this.isPinned ? o.vkeys : readable(o.sha256, this.trailer?.vkeys));
  }

  line(text: string): void {
    this.lines += 1;
    try {
      const entry = parseExportLine(text, this.o.decodeBase64);
      const record = this.walk.add(entry);
      if (!record) return;
      this.firstSaid ??= record.chainPosition;
      this.lastSaid = record.chainPosition;
      if (entry.payload) this.ring.learn(record, entry.payload);
    } catch (error) {
      if (!(error instanceof UnreadableLine)) throw error;
      this.walk.addUnreadable(error.message);
    }
  }

  /** `isCut`: the file does not end in a newline, so its last line, which was not fed, is the beginning of one. */
  finish({ isCut = false } = {}): ExportReport {
    const { trailer, walk, lines } = this;
    if (lines === 0 && !isCut && (trailer === null || trailer.count === 0)) return this.report('nothing', [], null);
    const end = walk.expected;
    const signed = this.checkTrailer(end);
    const rootHolds = signed.checkpoint !== null && equalBytes(walk.root(), signed.checkpoint.root);
    // The signed root says whose fault another head is: the trailer's when the records are the signed ones, else the last record's.
    const isWhole = trailer !== null && this.lastSaid === trailer.last;
    const findings = walk.finish(isWhole && !rootHolds ? (trailer.head ?? undefined) : undefined);
    const isSound = (): boolean => !findings.some(({ kind }) => kind !== 'REDACTED');
    const find = (kind: Finding['kind'], position: number, message: string): void =>
      void findings.push({ kind, position, message });
    if (isCut || trailer === null) find('TRUNCATED', end, 'The file was cut: it has no trailer.');
    else if (isSound() && trailer.last !== null && end <= trailer.last)
      find('TRUNCATED', end, `The trailer counts events up to ${trailer.last}; the file ends before ${end}.`);
    if (signed.problem !== null) find('INVALID', end, signed.problem);
    else if (rootHolds && trailer?.head && walk.head && !equalBytes(trailer.head, walk.head))
      find('INVALID', end, 'The trailer names another head than the last record.');
    else if (isSound() && !rootHolds)
      find('FORK', trailer?.first ?? 0, 'The records are linked, but they are not the ones that the checkpoint signs.');
    findings.sort((one, other) => one.position - other.position);
    const verdict = !isSound() ? 'tampered' : this.caveats().length === 0 ? 'ok' : 'caveats';
    return this.report(verdict, findings, signed.checkpoint);
  }

  /** The checkpoint when the trailer and its signature hold, or what is wrong with them. */
  private checkTrailer(end: number): { checkpoint: SignedCheckpoint | null; problem: string | null } {
    const { trailer, walk } = this;
    if (trailer === null) return { checkpoint: null, problem: null };
    const bad = (problem: string): { checkpoint: null; problem: string } => ({ checkpoint: null, problem });
    const problem = trailerProblem(this.o.sha256, trailer);
    if (problem !== null) return bad(problem);
    if (trailer.last === null || end > trailer.last + 1)
      return bad(`The file holds more events than its trailer, which ends at ${trailer.last}.`);
    if (walk.origin !== null && walk.origin !== trailer.origin)
      return bad(`The trailer is of ${trailer.origin}, the records of ${walk.origin}.`);
    try {
      const { size, root, keys } = this.ring.openCheckpoint(trailer.checkpoint);
      return { checkpoint: { size, root, keyId: toHex(keys[0]?.keyId ?? new Uint8Array(0)) }, problem: null };
    } catch (error) {
      if (!(error instanceof InvalidNote)) throw error;
      return bad(`The checkpoint is not signed by a trusted key: ${error.message}`);
    }
  }

  private caveats(): string[] {
    const caveats: string[] = [];
    if (!this.isPinned)
      caveats.push(
        'UNPINNED: the key was taken from the file itself. This shows that the file agrees with itself, not who wrote it. Give the key with --vkey, from a source you trust.',
      );
    const first = this.trailer?.first ?? 0;
    if (first > 0) caveats.push(`PARTIAL: the file begins at position ${first}; what lies before it was not read.`);
    return caveats;
  }

  private report(verdict: ExportVerdict, findings: Finding[], checkpoint: SignedCheckpoint | null): ExportReport {
    return {
      verdict,
      trust: this.isPinned ? 'PINNED' : 'UNPINNED',
      origin: this.walk.origin ?? this.trailer?.origin ?? null,
      events: this.lines,
      first: this.firstSaid,
      last: this.lastSaid,
      checkpoint: checkpoint && { ...checkpoint, root: `sha256:${toHex(checkpoint.root)}` },
      findings,
      caveats: verdict === 'nothing' ? [] : this.caveats(),
    };
  }
}

/** Keys of a file are hostile: one that is none is the trailer's fault, which is found later. */
function readable(sha256: Sha256, vkeys: readonly string[] = []): string[] {
  return vkeys.filter((vkey) => {
    try {
      parseVkey(sha256, vkey);
      return true;
    } catch {
      return false;
    }
  });
}
