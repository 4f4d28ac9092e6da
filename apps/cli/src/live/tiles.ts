import { closeSync, fstatSync, openSync } from 'node:fs';
import {
  concat,
  equalBytes,
  type Finding,
  fromBase64,
  HASH_BYTES,
  leafHash,
  nodeHash,
  TILE_WIDTH,
  tilePath,
} from '@audital/chain/check';
import { sha256 } from '@audital/chain/node';
import { type GatewayClient, GatewayRefusal } from '../gateway-client';
import { lines } from '../verify/export-file';

const AT_ONCE = 8;

/**
 * Compares every tile that the log serves (C2SP tlog-tiles: hashes of all levels, and bundles of records) with what the records of a whole export
 * lead to. Answers what differs, by the first position that a tile covers. Memory: one tile for each level.
 */
export async function compareTiles(
  gateway: GatewayClient,
  path: string,
  onTile: (done: number) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let [asked, compared] = [new Set<Promise<void>>(), 0];
  const levels: Uint8Array[][] = [[]];
  let records: Uint8Array[] = [];

  const ask = async (name: 'entries' | number, n: number, expected: Uint8Array, width: number): Promise<void> => {
    const position = n * TILE_WIDTH ** (name === 'entries' ? 1 : name + 1);
    const one = compareOne(gateway, tilePath(name, n, width), expected).then((problem) => {
      if (problem !== null) findings.push({ kind: 'INVALID', position, message: problem });
      compared += 1;
      onTile(compared);
    });
    asked.add(one);
    void one.then(
      () => asked.delete(one),
      () => undefined,
    );
    if (asked.size >= AT_ONCE) await Promise.race(asked);
  };
  /** A full tile is compared, and its root becomes a hash of the level above. */
  const close = async (level: number, count: number): Promise<void> => {
    const hashes = levels[level] as Uint8Array[];
    const n = Math.ceil(count / TILE_WIDTH ** (level + 1)) - 1;
    await ask(level, n, concat(...hashes), hashes.length);
    if (hashes.length < TILE_WIDTH) return;
    levels[level] = [];
    (levels[level + 1] ??= []).push(perfectRoot(hashes));
    if ((levels[level + 1] as Uint8Array[]).length === TILE_WIDTH) await close(level + 1, count);
  };

  let count = 0;
  for (const record of recordsOf(path)) {
    records.push(record);
    (levels[0] as Uint8Array[]).push(leafHash(sha256, record));
    count += 1;
    if (count % TILE_WIDTH !== 0) continue;
    await ask('entries', count / TILE_WIDTH - 1, bundleOf(records), TILE_WIDTH);
    records = [];
    await close(0, count);
  }
  if (records.length > 0) await ask('entries', Math.floor(count / TILE_WIDTH), bundleOf(records), records.length);
  for (const [level, hashes] of levels.entries()) if (hashes.length > 0) await close(level, count);
  await Promise.all(asked);
  asked = new Set();
  return findings.sort((one, other) => one.position - other.position);
}

async function compareOne(gateway: GatewayClient, tile: string, expected: Uint8Array): Promise<string | null> {
  try {
    const served = await gateway.bytes(`/v1/log/${tile}`);
    return equalBytes(served, expected) ? null : `${tile} is not what the records lead to.`;
  } catch (error) {
    if (error instanceof GatewayRefusal && error.status < 500) return `${tile} is not served: ${error.message}`;
    throw error;
  }
}

function* recordsOf(path: string): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    for (const line of lines(file, fstatSync(file).size)) {
      const record = /^\{"chainPosition":\d+,"record":"([^"]*)"/.exec(line)?.[1];
      if (record !== undefined) yield fromBase64(record);
    }
  } finally {
    closeSync(file);
  }
}

/** C2SP tlog-tiles, entry bundle: each entry behind its length as two bytes, big-endian. */
function bundleOf(records: readonly Uint8Array[]): Uint8Array {
  return concat(...records.flatMap((record) => [Uint8Array.of(record.length >> 8, record.length & 0xff), record]));
}

function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = [...hashes];
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, index) =>
      nodeHash(sha256, level[2 * index] as Uint8Array, level[2 * index + 1] as Uint8Array),
    );
  return level[0] ?? new Uint8Array(HASH_BYTES);
}
