import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('seal-batches.mjs', import.meta.url));

/**
 * Looks from outside, with strace, whether each batch was answered only after the ledger's file had been synced, and how often it was: a
 * second process seals the batches and writes a line before each and after its answers.
 */
export async function checkSyncs(folder, batches, size) {
  if (spawnSync('strace', ['-V']).status !== 0)
    return unseen('strace is not installed: whether answers come after an fsync was not looked at');
  const trace = join(folder, 'trace');
  const args = ['-f', '-y', '-s', '32', '-e', 'trace=fsync,fdatasync,write', '-e', 'signal=none', '-o', trace];
  const { status, stderr } = spawnSync('strace', [
    ...args,
    process.execPath,
    child,
    folder,
    String(batches),
    String(size),
  ]);
  if (status !== 0) return unseen(`strace could not look (${String(stderr).trim().split('\n').at(-1)})`);
  return judge(readFileSync(trace, 'utf8'), batches);
}

export function judge(trace, batches) {
  const syncs = [];
  let open = false;
  for (const line of trace.split('\n')) {
    if (/ write\(.*"batch begins/.test(line)) [open] = [true, syncs.push({ ledger: 0, other: 0, answered: false })];
    else if (/ write\(.*"batch answered/.test(line)) {
      syncs.at(-1).answered = true;
      open = false;
    } else if (open && /(fsync|fdatasync)\(\d+<[^>]*ledger\.sqlite/.test(line)) syncs.at(-1).ledger += 1;
    else if (open && /(fsync|fdatasync)\(/.test(line)) syncs.at(-1).other += 1;
  }
  const unsynced = syncs.filter(({ ledger }) => ledger === 0).length;
  const answered = syncs.filter((one) => one.answered).length;
  const ones = syncs.filter(({ ledger }) => ledger === 1).length;
  return {
    notes: [
      `strace: ${answered} batches; syncs of the ledger before the answer: one in ${ones}, more (SQLite moved its log into the file) in ${answered - ones - unsynced}, none in ${unsynced}`,
    ],
    marks: [
      {
        what: 'batches that were answered before an fsync',
        wanted: '0',
        found: String(unsynced),
        reached: unsynced === 0 && answered === batches,
      },
      {
        what: 'syncs of the ledger in a batch, median',
        wanted: '1',
        found: String(syncs.map(({ ledger }) => ledger).sort((a, b) => a - b)[syncs.length >> 1]),
        reached: ones * 2 > syncs.length,
      },
    ],
    raw: { method: 'strace', syncs },
  };
}

const unseen = (note) => ({ notes: [note], marks: [], raw: { method: null, syncs: [] } });
