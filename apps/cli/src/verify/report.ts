import type { ExportReport, Finding } from '@audital/chain/check';
import { EXIT } from '../command';
import type { Terminal } from '../terminal';

type Verdict = ExportReport['verdict'];

/** What every verification ends in; `--json` prints it as it is (docs/verify.md). */
export interface Report {
  schemaVersion: 1;
  verdict: Verdict;
  exitCode: number;
  headline: string;
  trust: 'PINNED' | 'UNPINNED';
  origin: string | null;
  events: number | null;
  first: number | null;
  last: number | null;
  checkpoint: { size: number; root: string; keyId: string } | null;
  findings: Finding[];
  caveats: string[];
}

/** `what` is the success in words: "13 events". */
export function reportOf(checked: Omit<Report, 'schemaVersion' | 'exitCode' | 'headline'>, what: string): Report {
  const { verdict, trust, origin, events, first, last, checkpoint, findings, caveats } = checked;
  const headline = headlineOf(checked, what);
  const told = { origin, events, first, last, checkpoint, findings, caveats };
  return { schemaVersion: 1, verdict, exitCode: EXIT[verdict], headline, trust, ...told };
}

/** The trust mode stands in the headline, so that nobody takes a file that agrees with itself for a proof. */
function headlineOf(
  { verdict, trust, findings }: Pick<Report, 'verdict' | 'trust' | 'findings'>,
  what: string,
): string {
  if (verdict === 'nothing') return 'NOTHING TO VERIFY: there is no event.';
  const worst = findings.find(({ kind }) => kind !== 'REDACTED');
  if (worst) return `TAMPERED: ${worst.kind} at position ${worst.position}. ${worst.message}`;
  const redacted = findings.length === 0 ? '' : `, ${findings.length} of them with a redacted payload`;
  const by = trust === 'PINNED' ? 'signed by the key you gave' : 'UNPINNED: signed by a key that came with it';
  return `VERIFIED (${by}): ${what}${redacted}.`;
}

const FINDINGS_SHOWN = 20;

export function printReport(report: Report, terminal: Terminal): void {
  if (terminal.json) {
    terminal.object(report);
    return;
  }
  const { headline, origin, first, last, checkpoint, findings, caveats } = report;
  terminal.line(headline);
  if (origin !== null) terminal.line(`  log         ${origin}`);
  if (first !== null) terminal.line(`  positions   ${first} to ${last}`);
  if (checkpoint)
    terminal.line(`  checkpoint  ${checkpoint.size} events, root ${checkpoint.root}, key ${checkpoint.keyId}`);
  for (const { kind, position, message } of findings.slice(0, FINDINGS_SHOWN))
    terminal.line(`  ${kind.padEnd(10)}  ${position}: ${message}`);
  if (findings.length > FINDINGS_SHOWN)
    terminal.line(`  … and ${findings.length - FINDINGS_SHOWN} more: --json shows them.`);
  for (const caveat of caveats) terminal.line(`  ${caveat}`);
}
