import { parentPort, workerData } from 'node:worker_threads';
import { SqliteFile } from './sqlite-file';
import { type PackedAppends, toFailure, unpackAppends } from './sqlite-thread-messages';

/** The thread that `SqliteThread` starts: one list of appends after the other, each answered with null or why it failed. */
const { path, writes } = workerData as { path: string; writes: readonly string[] };
let file: SqliteFile | null = null;

parentPort?.on('message', (appends: PackedAppends | 'close') => {
  if (appends === 'close') {
    file?.close();
    parentPort?.close();
    return;
  }
  try {
    file ??= new SqliteFile(path, writes);
    file.appendAll(unpackAppends(appends));
    parentPort?.postMessage(null);
  } catch (error) {
    parentPort?.postMessage(toFailure(error));
  }
});
