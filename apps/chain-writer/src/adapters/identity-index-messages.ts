/** What the index's thread is asked to write, in this order. Identities lie one after the other in one text, 16 characters each. */
export type IndexWrite =
  | { kind: 'add'; organisation: number; identities: string; positions: Float64Array<ArrayBuffer>; anyLoss: boolean }
  | { kind: 'stamp'; id: string; size: number; head: string; lastRecordedAt: string; hashes: Uint8Array }
  | { kind: 'forget'; organisation: number; id: string };

export type ToIndexThread = IndexWrite | { kind: 'close' };

/** `written`: the first write that was not told yet. `scanned`: the filter holds all that was in the file at the start. */
export type FromIndexThread = { kind: 'written' } | { kind: 'scanned' } | { kind: 'trouble'; message: string };

export interface IndexThreadData {
  path: string;
  filter: SharedArrayBuffer;
}

export const IDENTITY_CHARACTERS = 16;
