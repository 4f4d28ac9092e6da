import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { IdentityFilter } from './identity-filter';
import {
  type FromIndexThread,
  IDENTITY_CHARACTERS,
  type IndexThreadData,
  type IndexWrite,
  type ToIndexThread,
} from './identity-index-messages';
import { openIndex } from './identity-index-schema';

/** The thread that `IdentityIndex` starts: its writes, one after the other, and meanwhile the filter of what was in the file before. */
const { path, filter: shared } = workerData as IndexThreadData;
const ROWS_PER_INSERT = 16;
const SCANNED_TOGETHER = 5_000;
const RETRY_MS = 1_000;

const db = openIndex(path);
const insert = 'INSERT OR IGNORE INTO identities VALUES (?, ?, ?)';
const insertOne = db.prepare(insert);
const insertMany = db.prepare(insert + ', (?, ?, ?)'.repeat(ROWS_PER_INSERT - 1));
const tell = (message: FromIndexThread): void => parentPort?.postMessage(message);

function write(message: IndexWrite): void {
  switch (message.kind) {
    case 'add':
      return add(message);
    case 'stamp': {
      const { id, size, head, lastRecordedAt, hashes } = message;
      const sql = 'INSERT OR REPLACE INTO stamps VALUES (?, ?, ?, ?, ?)';
      db.prepare(sql).run(id, size, head, lastRecordedAt, hashes);
      return;
    }
    case 'forget':
      for (const table of ['redactions', 'stamps'])
        db.prepare(`DELETE FROM ${table} WHERE organisation = ?`).run(message.id);
      for (const table of ['identities', 'losses'])
        db.prepare(`DELETE FROM ${table} WHERE organisation = ?`).run(message.organisation);
  }
}

function add({ organisation, identities, positions, anyLoss }: IndexWrite & { kind: 'add' }): void {
  if (anyLoss) db.prepare('INSERT OR IGNORE INTO losses VALUES (?)').run(organisation);
  const row = (index: number): [number, string, number] => {
    const at = index * IDENTITY_CHARACTERS;
    return [organisation, identities.slice(at, at + IDENTITY_CHARACTERS), positions[index] as number];
  };
  let done = 0;
  for (; done + ROWS_PER_INSERT <= positions.length; done += ROWS_PER_INSERT)
    insertMany.run(...Array.from({ length: ROWS_PER_INSERT }, (_, index) => row(done + index)).flat());
  for (; done < positions.length; done += 1) insertOne.run(...row(done));
}

function transaction(work: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** A full disk, say: what is not written yet is known to the other thread, and is tried again for as long as it takes. */
async function writeSurely(message: IndexWrite): Promise<void> {
  for (;;) {
    try {
      transaction(() => write(message));
      return tell({ kind: 'written' });
    } catch (error) {
      tell({ kind: 'trouble', message: (error as Error).message });
      await delay(RETRY_MS);
    }
  }
}

/** In portions, between which writes have their turn. What is written meanwhile, the other thread has added to the filter already. */
async function scan(): Promise<void> {
  const filter = new IdentityFilter(shared);
  const page = db.prepare(
    `SELECT organisation, identity FROM identities WHERE (organisation, identity) > (?, ?) ORDER BY organisation, identity LIMIT ${SCANNED_TOGETHER}`,
  );
  for (let last: { organisation: number; identity: string } = { organisation: -1, identity: '' }; ;) {
    const rows = page.all(last.organisation, last.identity) as unknown as (typeof last)[];
    for (const { identity } of rows) filter.add(identity);
    if (rows.length < SCANNED_TOGETHER) break;
    last = rows.at(-1) as typeof last;
    await new Promise((resolve) => setImmediate(resolve));
  }
  tell({ kind: 'scanned' });
}

let inOrder: Promise<void> = Promise.resolve();
parentPort?.on('message', (message: ToIndexThread) => {
  inOrder = inOrder.then(() => {
    if (message.kind !== 'close') return writeSurely(message);
    db.close();
    return parentPort?.close();
  });
});
void scan();
