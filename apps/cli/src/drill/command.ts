import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, EXIT, UsageError } from '../command';
import { findGateway, GATEWAY_HELP, GATEWAY_OPTIONS, type GatewayClient } from '../gateway-client';
import { download } from '../live/download';
import type { OptionValues } from '../command';
import type { Terminal } from '../terminal';
import { verifyExportFile } from '../verify/export-file';
import { sampleExport } from './attacker';
import { type Original, type Tampered, TAMPERINGS, type Tampering } from './tamperings';

/** The part of a verifier's answer that the drill looks at. */
interface Answer {
  verdict: string;
  findings: { kind: string; position: number }[];
}
type VerifyExport = (path: string, o: { vkeys: string[] }) => Promise<Answer>;

export const drillCommand: Command = {
  summary: 'Tamper with a copy in every known way, and see it found',
  help: `audital drill tamper [FILE.ndjson | FOLDER] [options]

Takes an export (that of the Audital that runs here, when none is named; else one made up for the drill), makes a copy for each class of tampering,
bends it, and has both verifiers look: the one of this program, and verify.mjs, which shares no code with it. The original is only read.

  --json                 one object for each class
${GATEWAY_HELP}

Exit codes: 0 every one was found by both at the expected place, 1 one was not.`,
  options: GATEWAY_OPTIONS,
  async run({ values, targets, terminal }) {
    const [what, target, ...more] = targets;
    if (what !== 'tamper' || more.length > 0) throw new UsageError('The one drill is: audital drill tamper [FILE].');
    const folder = mkdtempSync(join(tmpdir(), 'audital-drill-'));
    try {
      const { original, vkey, from } = await originalOf(target, values, folder);
      terminal.note(`Drill on ${from}: ${original.lines.length} events.`);
      return await new Drill(folder, vkey, await importVerifier(), terminal).run(original);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

class Drill {
  private missed = 0;

  constructor(
    private readonly folder: string,
    private readonly vkey: string,
    private readonly verifyMjs: VerifyExport,
    private readonly terminal: Terminal,
  ) {}

  async run(original: Original): Promise<number> {
    const untouched = await this.ask(Buffer.from([...original.lines, original.trailer, ''].join('\n')));
    if (untouched.some(({ verdict }) => verdict !== 'ok'))
      throw new Error(
        'The export does not verify as it is, so there is nothing to drill on: audital verify says more.',
      );
    for (const tampering of TAMPERINGS) await this.drill(tampering, original);
    const told =
      this.missed === 0 ? 'Every one was found by both verifiers.' : `${this.missed} WERE NOT FOUND as they should be.`;
    if (!this.terminal.json) this.terminal.line(told);
    return this.missed === 0 ? EXIT.ok : EXIT.error;
  }

  private async drill({ name, apply }: Tampering, original: Original): Promise<void> {
    const tampered = apply(original, (limit) => Math.floor(Math.random() * limit));
    const answers = await this.ask(tampered.bytes);
    const isFound = answers.every((answer) => isAsExpected(answer, tampered.expected));
    if (!isFound) this.missed += 1;
    const [one, other] = answers.map(shown);
    if (this.terminal.json)
      this.terminal.object({ name, what: tampered.what, isFound, audital: one, verifyMjs: other });
    else {
      this.terminal.line(`${isFound ? 'found ' : 'MISSED'}  ${name}: ${tampered.what}`);
      this.terminal.line(`        ${one}${one === other ? ' (both verifiers)' : `; verify.mjs: ${other}`}`);
    }
  }

  private async ask(bytes: Uint8Array): Promise<[Answer, Answer]> {
    const path = join(this.folder, 'bent.ndjson');
    writeFileSync(path, bytes);
    return [verifyExportFile(path, { vkeys: [this.vkey] }), await this.verifyMjs(path, { vkeys: [this.vkey] })];
  }
}

/** The first finding is what a reader acts on. */
export function isAsExpected({ verdict, findings }: Answer, expected: Tampered['expected']): boolean {
  if (verdict !== expected.verdict) return false;
  if (expected.verdict === 'nothing') return true;
  const [first] = findings.filter(({ kind }) => kind !== 'REDACTED');
  return first?.position === expected.position && (expected.kind === null || first.kind === expected.kind);
}

function shown({ verdict, findings }: Answer): string {
  const [first] = findings.filter(({ kind }) => kind !== 'REDACTED');
  return first ? `${verdict}, ${first.kind} at ${first.position}` : verdict;
}

async function importVerifier(): Promise<VerifyExport> {
  const path = join(__dirname, '..', '..', 'verify.mjs');
  const module = (await import(pathToFileURL(path).href)) as { verifyExport: VerifyExport };
  return module.verifyExport;
}

const DRILL_BYTES_MAX = 256 * 1024 * 1024;

async function originalOf(
  target: string | undefined,
  values: OptionValues,
  folder: string,
): Promise<{ original: Original; vkey: string; from: string }> {
  const gateway = target === undefined ? running(values) : null;
  if (target === undefined && gateway === null) {
    const { vkey, ...original } = sampleExport(64, 'drill');
    return { original, vkey, from: 'a chain made up for it' };
  }
  let path = target ?? join(folder, 'events.ndjson');
  if (gateway) await download(gateway, path, { from: 0 });
  else if (statSync(path).isDirectory()) path = join(path, 'events.ndjson');
  if (statSync(path).size > DRILL_BYTES_MAX)
    throw new UsageError(`${path} is larger than 256 MB, which a drill holds in memory: take a smaller export.`);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const trailer = lines.pop() ?? '';
  const vkey = keyOf(trailer);
  if (vkey === null || lines.length === 0)
    throw new UsageError(`${path} is no whole export: audital verify says what is wrong.`);
  return { original: { lines, trailer }, vkey, from: gateway ? `a copy of ${gateway.url}` : `a copy of ${path}` };
}

function running(values: OptionValues): GatewayClient | null {
  try {
    return findGateway(values);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

/** The drill is about tampering after the fact: the key of the untouched file is the trusted one. */
function keyOf(trailer: string): string | null {
  try {
    const { vkeys, first } = (JSON.parse(trailer) as { trailer: { vkeys: string[]; first: number } }).trailer;
    if (first !== 0) throw new UsageError('A drill wants a whole export, from position 0.');
    return vkeys.at(-1) ?? null;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return null;
  }
}
