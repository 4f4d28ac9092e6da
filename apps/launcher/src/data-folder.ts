import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { Rejected } from '@audital/contracts';

const MARKER = 'audital-data.json';
const FORMAT = 1;

/** The folders of DESIGN §7, by what they hold. */
export interface DataFolder {
  root: string;
  ledger: string;
  checkpoints: string;
  index: string;
  pins: string;
  nats: string;
  simulator: string;
  logs: string;
  secrets: string;
}

/** Opens or makes the data folder. A folder that is not ours is never written to, and never emptied. */
export function openDataFolder(root: string, options: { fresh: boolean }): DataFolder {
  const marked = readMarker(root);
  const foreign = existsSync(root) && marked === null && readdirSync(root).length > 0;
  if (foreign) {
    throw new Rejected(
      'FOREIGN_FOLDER',
      `${root} holds files but no ${MARKER}, so Audital did not make it and leaves it alone: name another folder with --data.`,
    );
  }
  if (marked !== null) refuseIfRunning(root);
  if (options.fresh && marked !== null) rmSync(root, { recursive: true, force: true });
  const folder = layout(root);
  for (const path of Object.values(folder)) mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!existsSync(join(root, MARKER))) writeDurably(join(root, MARKER), `${JSON.stringify({ format: FORMAT })}\n`);
  return folder;
}

function layout(root: string): DataFolder {
  const at = (name: string): string => join(root, name);
  return {
    root,
    ledger: at('ledger'),
    checkpoints: at('checkpoints'),
    index: at('index'),
    pins: at('pins'),
    nats: at('nats'),
    simulator: at('simulator'),
    logs: at('logs'),
    secrets: at('secrets'),
  };
}

function readMarker(root: string): number | null {
  const file = join(root, MARKER);
  if (!existsSync(file)) return null;
  let format: unknown;
  try {
    format = (JSON.parse(readFileSync(file, 'utf8')) as { format?: unknown }).format;
  } catch {
    format = undefined;
  }
  if (format === FORMAT) return FORMAT;
  const problem =
    typeof format === 'number' ? `has format ${format}, and this version knows format ${FORMAT}` : 'is damaged';
  throw new Rejected(
    'CORRUPT_DATA_FOLDER',
    `${file} ${problem}: restore the folder from a backup, or name another with --data.`,
  );
}

/** Two launchers on one folder would start every service twice. A run.json whose launcher is gone is a leftover of a kill. */
function refuseIfRunning(root: string): void {
  const pid = runningLauncher(root);
  if (pid !== null) {
    throw new Rejected(
      'ALREADY_RUNNING',
      `Audital already runs on ${root} (pid ${pid}): stop it first, or name another folder with --data.`,
    );
  }
}

function runningLauncher(root: string): number | null {
  try {
    const { pids } = JSON.parse(readFileSync(join(root, 'run.json'), 'utf8')) as { pids: Record<string, number> };
    const pid = pids['launcher'];
    if (pid === undefined || pid === process.pid) return null;
    process.kill(pid, 0);
    return isLauncher(pid) ? pid : null;
  } catch {
    return null;
  }
}

/** After a restart of the machine the pid may belong to somebody else; where /proc tells, it decides. */
function isLauncher(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !existsSync('/proc/self/cmdline') || (existsSync(file) && readFileSync(file, 'utf8').includes('launcher'));
}

/** Written beside, synced and renamed: a reader sees the old file or the new one, whole. */
export function writeDurably(file: string, text: string): void {
  const arriving = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const descriptor = openSync(arriving, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(arriving, file);
}
