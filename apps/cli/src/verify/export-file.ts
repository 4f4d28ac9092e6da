import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { ExportCheck, type ExportReport } from '@audital/chain/check';
import { decodeBase64, sha256, verifyEd25519 } from '@audital/chain/node';

/** What is read at once: it stays in the processor's own cache. */
const CHUNK_BYTES = 256 * 1024;
/** Longer than any line of an export: its payload has at most 256 KiB, its record 32 KiB. */
const LINE_BYTES_MAX = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface ExportFileOptions {
  vkeys: readonly string[];
  onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** Checks an export in constant memory, whatever its size. Throws when the file cannot be read. */
export function verifyExportFile(path: string, { vkeys, onProgress }: ExportFileOptions): ExportReport {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const { isCut, start } = lastLine(file, size);
    const text = isCut || size === 0 ? null : readText(file, start, size - 1);
    const check = new ExportCheck({ sha256, verify: verifyEd25519, decodeBase64, vkeys, lastLine: text });
    const end = check.trailer === null ? size : start;
    for (const line of lines(file, end, (done) => onProgress?.(done, size))) check.line(line);
    return check.finish({ isCut });
  } finally {
    closeSync(file);
  }
}

/** Every whole line of the first `end` bytes. An export is ASCII but for its trailer, so a byte is a character. */
export function* lines(
  file: number,
  end: number,
  onChunk: (done: number) => void = () => undefined,
): Generator<string> {
  // What is left of a line stands in front of the next chunk.
  const room = Buffer.allocUnsafe(LINE_BYTES_MAX + CHUNK_BYTES);
  let left = 0;
  for (let done = 0; done < end;) {
    const count = readSync(file, room, left, Math.min(CHUNK_BYTES, end - done), done);
    if (count === 0) return;
    done += count;
    const bytes = room.subarray(0, left + count);
    let start = 0;
    for (let stop = bytes.indexOf(NEWLINE, left); stop >= 0; stop = bytes.indexOf(NEWLINE, start)) {
      yield bytes.toString('latin1', start, stop);
      start = stop + 1;
    }
    // A line that does not end must not fill the memory; cut short it is still no entry.
    left = Math.min(bytes.length - start, LINE_BYTES_MAX);
    room.copyWithin(0, start, start + left);
    onChunk(done);
  }
}

/** Where the last line begins, when the file ends in a newline. */
function lastLine(file: number, size: number): { isCut: boolean; start: number } {
  if (size === 0) return { isCut: false, start: 0 };
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  if (last[0] !== NEWLINE) return { isCut: true, start: size };
  const block = Buffer.alloc(64 * 1024);
  for (let end = size - 1; end > 0;) {
    const from = Math.max(0, end - block.length);
    const count = readSync(file, block, 0, end - from, from);
    const newline = block.subarray(0, count).lastIndexOf(NEWLINE);
    if (newline >= 0) return { isCut: false, start: from + newline + 1 };
    end = from;
  }
  return { isCut: false, start: 0 };
}

function readText(file: number, start: number, end: number): string | null {
  if (end - start > LINE_BYTES_MAX) return null;
  const bytes = Buffer.alloc(end - start);
  readSync(file, bytes, 0, bytes.length, start);
  return bytes.toString('utf8');
}
