import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Unavailable } from '@audital/contracts';
import { eventually, tempFolder, type TempFolder } from '@audital/testing';
import { jsonEvent, type Ledger, NO_STREAM, openLedger, readAll } from './index';

let folder: TempFolder;
let ledger: Ledger;
let path: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = tempFolder();
  path = join(folder.path, 'ledger.sqlite');
  ledger = await openLedger(`sqlite:${path}`, { writes: ['chain-'] });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await ledger.close();
  folder.remove();
});

/** Another process that holds the write lock for a while. Resolves when it has it. */
async function lockedFor(ms: number): Promise<ChildProcess> {
  const program = `const db = new (require('node:sqlite').DatabaseSync)(process.argv[1]);
    db.exec('BEGIN IMMEDIATE'); console.log('held'); setTimeout(() => { db.exec('COMMIT'); db.close(); }, ${ms});`;
  const args = ['--disable-warning=ExperimentalWarning', '-e', program, path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

describe('§8.12 many processes on one file', () => {
  it('waits for another process’s transaction, up to five seconds', async () => {
    await lockedFor(700);
    await expect(ledger.append('chain-a', NO_STREAM, [jsonEvent('A', 1)])).resolves.toEqual({ lastRevision: 0 });
  });

  it('is Unavailable after that, and the identical bytes stand once when it is free', async () => {
    const child = await lockedFor(7_000);
    const batch = [jsonEvent('A', 1)];
    await expect(ledger.append('chain-a', NO_STREAM, batch)).rejects.toBeInstanceOf(Unavailable);
    // Readers are not held up meanwhile.
    expect(await ledger.read('chain-a')).toEqual([]);
    await once(child, 'exit');
    await ledger.append('chain-a', NO_STREAM, batch);
    expect(await ledger.lastRevision('chain-a')).toBe(0);
  }, 30_000);

  it('followers hear soon of what another process has appended', async () => {
    const heard: number[] = [];
    const ended = new AbortController();
    const caughtUp = Promise.withResolvers<void>();
    const following = ledger.follow(
      { category: 'chain-', afterPosition: null },
      ({ revision }) => void heard.push(revision),
      { signal: ended.signal, onCaughtUp: caughtUp.resolve },
    );
    await caughtUp.promise;
    const other = await openLedger(`sqlite:${path}`, { writes: ['chain-'] });
    for (const revision of [0, 1]) {
      await other.append('chain-a', revision - 1, [jsonEvent('A', revision)]);
      await eventually(() => heard.length === revision + 1, { what: 'The follower', deadlineMs: 2_000 });
    }
    ended.abort();
    await following;
    await other.close();
  });

  it('no read answers more than a thousand rows, whoever asks for more', async () => {
    const rows = Array.from({ length: 1_200 }, (_, index) => jsonEvent('A', index));
    await ledger.append('chain-a', NO_STREAM, rows);
    expect(await ledger.read('chain-a', { limit: 5_000 })).toHaveLength(1_000);
    expect(await ledger.read('chain-a')).toHaveLength(1_000);
  });

  it('reads in short transactions: the write-ahead log shrinks while somebody pages through', async () => {
    for (let from = 0; from < 3_000; from += 1_000)
      await ledger.append(
        'chain-a',
        from - 1,
        Array.from({ length: 1_000 }, (_, index) => jsonEvent('A', from + index)),
      );
    const other = await openLedger(`sqlite:${path}`, { writes: ['chain-'] });
    const { db } = (other as unknown as { file: { db: DatabaseSync } }).file;
    let seen = 0;
    for await (const { revision } of readAll(ledger, 'chain-a')) {
      seen += 1;
      // In the middle of a page nobody holds a snapshot: a checkpoint goes through to the end.
      if (revision === 1_500) expect(db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0 });
    }
    expect(seen).toBe(3_000);
    await other.close();
  });
});
