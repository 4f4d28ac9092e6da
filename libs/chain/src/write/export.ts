import { toBase64, toHex } from '../format/bytes';

/** One line of an export: the exact bytes. Payload and salt are null when they were redacted. */
export function exportLine(entry: {
  chainPosition: number;
  record: Uint8Array;
  salt: Uint8Array | null;
  payload: Uint8Array | null;
}): string {
  const { chainPosition, record, salt, payload } = entry;
  const line = {
    chainPosition,
    record: toBase64(record),
    salt: salt && toHex(salt),
    payload: payload && toBase64(payload),
  };
  return `${JSON.stringify(line)}\n`;
}

export interface ExportTrailer {
  origin: string;
  count: number;
  first: number | null;
  last: number | null;
  /** Block hash of the last record, `sha256:…`. */
  head: string | null;
  /** The perfect subtrees that cover what lies before `first`, largest first: the root of a part can be checked too. */
  before: Uint8Array[];
  /** The signed note of size `last` + 1, verbatim. */
  checkpoint: string;
  vkeys: string[];
}

/** The last line: a file without it, or with another count, was cut. */
export function exportTrailer(trailer: ExportTrailer): string {
  const { origin, count, first, last, head, before, checkpoint, vkeys } = trailer;
  const told = { v: 1, origin, count, first, last, head, before: before.map(toBase64), checkpoint, vkeys };
  return `${JSON.stringify({ trailer: told })}\n`;
}
