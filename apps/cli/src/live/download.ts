import { closeSync, existsSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { GatewayClient } from '../gateway-client';

const NEWLINE = 0x0a;

export interface Resumption {
  /** Bytes of whole lines that are there. */
  bytes: number;
  /** The last position that they bring; null: none. */
  after: number | null;
  /** Whether the file ends in its trailer: nothing is left to fetch. */
  isWhole: boolean;
}

/** What an earlier download left. A line that was cut is fetched again. */
export function resumptionOf(path: string): Resumption {
  if (!existsSync(path)) return { bytes: 0, after: null, isWhole: false };
  const file = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    // A whole line lies within the last two megabytes: none is longer than one.
    const tail = Buffer.alloc(Math.min(size, 2 * 1024 * 1024));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const end = tail.lastIndexOf(NEWLINE);
    if (end < 0) return { bytes: 0, after: null, isWhole: false };
    const line = tail.toString('latin1', tail.subarray(0, end).lastIndexOf(NEWLINE) + 1, end);
    const position = /^\{"chainPosition":(\d+),/.exec(line)?.[1];
    const isWhole = line.startsWith('{"trailer":');
    return { bytes: size - tail.length + end + 1, after: position === undefined ? null : Number(position), isWhole };
  } finally {
    closeSync(file);
  }
}

/** Fetches an export into a file, from where an earlier download ended. Throws when it is cut, leaving what came. */
export async function download(
  gateway: GatewayClient,
  path: string,
  o: { from: number; onBytes?: (bytes: number) => void },
): Promise<void> {
  const resumed = resumptionOf(path);
  if (resumed.isWhole) return;
  const file = openSync(path, existsSync(path) ? 'r+' : 'w', 0o600);
  try {
    const after = resumed.after === null ? '' : `&after=${resumed.after}`;
    let at = resumed.after === null ? 0 : resumed.bytes;
    ftruncateSync(file, at);
    const body = await gateway.stream(`/v1/audit/export?from=${o.from}${after}`);
    for await (const chunk of body) {
      for (let written = 0; written < chunk.length;)
        written += writeSync(file, chunk, written, chunk.length - written, at + written);
      at += chunk.length;
      o.onBytes?.(at);
    }
  } finally {
    closeSync(file);
  }
}
