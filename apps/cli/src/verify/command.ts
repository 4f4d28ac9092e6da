import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { unsignedCheckpoint } from '@audital/chain/check';
import { type Command, type OptionValues, textOf, UsageError } from '../command';
import { findGateway, GATEWAY_HELP, GATEWAY_OPTIONS } from '../gateway-client';
import { fsck } from '../live/fsck';
import { keyChangesOf, learnKeys } from '../live/learn-keys';
import type { Terminal } from '../terminal';
import { TRUST_OPTIONS, trustedKeys } from '../trusted-keys';
import { verifyExportFile } from './export-file';
import { type Proof, proofFromJson, proofFromTlog, verifyProof } from './one-proof';
import { printReport, type Report, reportOf } from './report';
import { type ConsistencySource, consistencyFromJson, verifyTwoCheckpoints } from './two-checkpoints';

export const verifyCommand: Command = {
  summary: 'Check an export, a live log, one proof, or two checkpoints',
  help: `audital verify TARGET [options]

  FILE.ndjson or FOLDER   an export (audital export, or GET /v1/audit/export): offline
  URL                     a live log, whole: every record, payload, link, gap and tile
  FILE.json               one event's proof (GET /v1/audit/:id/proof): offline
  FILE.tlog-proof         the same as C2SP has it; --record FILE brings the record's bytes
  CHECKPOINT CHECKPOINT   two signed notes: whether the larger tree holds the smaller; --proof FILE brings the hashes between
                          them (GET /v1/log/consistency), else they are asked for at --url

  --vkey KEY (again and again), --policy FILE   the keys you trust, from a source you trust. Without, the result is UNPINNED.
                         After a rotation the first key is enough for a whole export or log; for the rest give the newer one too, or --url.
  --json                 one object (docs/verify.md has its fields)
${GATEWAY_HELP}

Exit codes: 0 ok, 1 could not run, 2 usage, 10 tampered, 11 verified with caveats (UNPINNED, PARTIAL), 12 nothing to verify.`,
  options: { ...TRUST_OPTIONS, ...GATEWAY_OPTIONS, proof: { type: 'string' }, record: { type: 'string' } },
  async run({ values, targets, terminal }) {
    const report = await verify(targets, values, terminal);
    printReport(report, terminal);
    return report.exitCode;
  },
};

async function verify(targets: string[], values: OptionValues, terminal: Terminal): Promise<Report> {
  const vkeys = trustedKeys(values);
  const [target, second, ...more] = targets;
  if (target === undefined || more.length > 0)
    throw new UsageError('Name what to verify: a file, a folder, a URL, or two checkpoints.');
  if (second !== undefined) return twoCheckpoints([target, second], vkeys, values);
  if (/^https?:\/\//.test(target)) return fsck(findGateway(values, target), { vkeys, terminal });
  const path = statSync(target).isDirectory() ? join(target, 'events.ndjson') : target;
  const text = beginningOf(path);
  if (text.startsWith('c2sp.org/tlog-proof'))
    return oneProof(proofFromTlog(readFileSync(path, 'utf8'), recordOf(values)), vkeys, values, wanted(vkeys));
  const proof = text.startsWith('{"event":') ? proofFromJson(readFileSync(path, 'utf8')) : null;
  if (proof) return oneProof(proof, vkeys, values, vkeys.length > 0 ? [] : proof.vkeys);
  const bar = terminal.progress('verify', statSync(path).size);
  const report = verifyExportFile(path, { vkeys, onProgress: bar.update });
  bar.end();
  return reportOf(report, `${report.events} events, every record, payload and link`);
}

/** Signed by nobody that is trusted, the checkpoint may be one of after a rotation of keys: with --url the log is asked for that. */
async function oneProof(
  proof: Proof,
  vkeys: readonly string[],
  values: OptionValues,
  offered: readonly string[],
): Promise<Report> {
  const report = verifyProof(proof, vkeys, offered);
  if (report.verdict !== 'tampered' || vkeys.length === 0 || textOf(values['url']) === undefined) return report;
  return verifyProof(proof, learnKeys(vkeys, await keyChangesOf(findGateway(values))), []);
}

async function twoCheckpoints(
  paths: [string, string],
  vkeys: readonly string[],
  values: OptionValues,
): Promise<Report> {
  const notes = paths.map((path) => readFileSync(path, 'utf8'));
  const strange = paths.find((_path, index) => unsignedCheckpoint(notes[index] as string) === null);
  if (strange !== undefined) throw new UsageError(`${strange} is no checkpoint (a signed note of three lines).`);
  const file = textOf(values['proof']);
  const isOnline = file === undefined && textOf(values['url']) !== undefined;
  const source: ConsistencySource = async (from, to) => {
    if (file !== undefined) return consistencyFromJson(readFileSync(file, 'utf8'), from, to);
    if (!isOnline) return null;
    return consistencyFromJson(await findGateway(values).text(`/v1/log/consistency?from=${from}&to=${to}`), from, to);
  };
  const offered =
    isOnline && vkeys.length === 0
      ? (await findGateway(values).text('/v1/log/vkey')).trim().split('\n')
      : wanted(vkeys);
  const keyChanges = isOnline ? () => keyChangesOf(findGateway(values)) : async () => [];
  return verifyTwoCheckpoints(notes as [string, string], { vkeys, offered, source, keyChanges });
}

/** What brings no key of its own cannot be verified without one. */
function wanted(vkeys: readonly string[]): readonly string[] {
  if (vkeys.length > 0) return [];
  throw new UsageError('Which key signs this log? Give it with --vkey or --policy (the log tells it at /v1/log/vkey).');
}

function recordOf(values: OptionValues): Uint8Array {
  const path = textOf(values['record']);
  if (path === undefined) throw new UsageError('A .tlog-proof has no record in it: give its bytes with --record FILE.');
  return new Uint8Array(readFileSync(path));
}

function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(64);
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}
