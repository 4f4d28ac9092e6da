import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '@audital/chain/check';
import { type GatewayClient, GatewayRefusal } from '../gateway-client';
import type { Terminal } from '../terminal';
import { verifyExportFile } from '../verify/export-file';
import { type Report, reportOf } from '../verify/report';
import { download } from './download';
import { compareTiles } from './tiles';

const UNPINNED =
  'UNPINNED: the key is the one that the log itself names. This shows that the log agrees with itself, not who signs it. Give the key with --vkey, from a source you trust.';

/**
 * The whole of a live log: every record, payload, link and gap (from its export), then every tile that it serves. Without `vkeys` the key is
 * the one that the log itself names, and the answer UNPINNED.
 */
export async function fsck(
  gateway: GatewayClient,
  { vkeys, terminal }: { vkeys: readonly string[]; terminal: Terminal },
): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'audital-fsck-'));
  try {
    const path = join(folder, 'events.ndjson');
    const cut = await fetchInto(gateway, path, terminal);
    const bar = terminal.progress('records ', statSync(path).size);
    const report = verifyExportFile(path, { vkeys, onProgress: bar.update });
    bar.end();
    const isSound = report.verdict === 'ok' || report.verdict === 'caveats';
    const tiles = isSound ? await checkTiles(gateway, path, { count: report.events, terminal }) : [];
    report.caveats = report.caveats.map((caveat) => (caveat.startsWith('UNPINNED') ? UNPINNED : caveat));
    if (cut !== null) report.caveats.push(`CUT: ${cut}`);
    const findings: Finding[] = [...report.findings, ...tiles];
    const verdict = tiles.length > 0 ? 'tampered' : report.verdict;
    return reportOf({ ...report, findings, verdict }, `${report.events} events, every record, payload, link and tile`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A log that refuses to be read as a whole is a finding, not a reason to give up: what came is verified, and is cut. */
async function fetchInto(gateway: GatewayClient, path: string, terminal: Terminal): Promise<string | null> {
  const bar = terminal.progress('download', 0);
  try {
    await download(gateway, path, { from: 0 });
    return null;
  } catch (error) {
    if (error instanceof GatewayRefusal && error.code !== 'EVIDENCE_CORRUPT') throw error;
    // Of a log that sent nothing nothing can be said.
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) throw error;
    return (error as Error).message;
  } finally {
    bar.end();
  }
}

async function checkTiles(
  gateway: GatewayClient,
  path: string,
  { count, terminal }: { count: number; terminal: Terminal },
): Promise<Finding[]> {
  const bar = terminal.progress('tiles   ', 2 * Math.ceil(count / 256) + 1);
  try {
    return await compareTiles(gateway, path, bar.update);
  } finally {
    bar.end();
  }
}
