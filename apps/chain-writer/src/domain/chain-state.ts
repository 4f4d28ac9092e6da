import {
  type ChainRecord,
  emptyTree,
  growTree,
  hashText,
  type Sha256,
  type Tree,
  ZERO_HASH,
} from '@audital/chain/write';
import { LIMITS } from '@audital/contracts';

/** Where an organisation's chain stands: all that the next batch depends on. It changes only after an append has returned. */
export interface ChainState {
  tree: Tree;
  head: string;
  lastRecordedAt: string;
  /** The open payload segment, and how many entries it holds, orphans included. */
  segment: number;
  segmentEntries: number;
}

export const emptyChain: ChainState = {
  tree: emptyTree(),
  head: ZERO_HASH,
  lastRecordedAt: '',
  segment: 0,
  segmentEntries: 0,
};

/** One that grows, apart from the one it begins as. */
export const copyOf = (state: ChainState): ChainState => ({
  ...state,
  tree: { size: state.tree.size, hashes: [...state.tree.hashes] },
});

/** Adds a record to the state itself. */
export function grow(
  sha256: Sha256,
  state: ChainState,
  record: Pick<ChainRecord, 'recordedAt'>,
  blockHash: Uint8Array,
): void {
  growTree(sha256, state.tree, blockHash);
  state.head = hashText(blockHash);
  state.lastRecordedAt = record.recordedAt;
}

/** The place of the next payload, which is taken then. */
export function takePayloadPlace(state: ChainState): { segment: number; revision: number } {
  if (state.segmentEntries >= LIMITS.segmentEntriesMax) {
    state.segment += 1;
    state.segmentEntries = 0;
  }
  const place = { segment: state.segment, revision: state.segmentEntries };
  state.segmentEntries += 1;
  return place;
}
