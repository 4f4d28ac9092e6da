import {
  appendLeaf,
  type ChainRecord,
  emptyTree,
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

export function withRecord(
  sha256: Sha256,
  state: ChainState,
  record: Pick<ChainRecord, 'recordedAt'>,
  blockHash: Uint8Array,
): ChainState {
  return {
    ...state,
    tree: appendLeaf(sha256, state.tree, blockHash),
    head: hashText(blockHash),
    lastRecordedAt: record.recordedAt,
  };
}

/** The place of the next payload, and the state after it. */
export function nextPayloadPlace(state: ChainState): { segment: number; revision: number; state: ChainState } {
  const full = state.segmentEntries >= LIMITS.segmentEntriesMax;
  const segment = full ? state.segment + 1 : state.segment;
  const revision = full ? 0 : state.segmentEntries;
  return { segment, revision, state: { ...state, segment, segmentEntries: revision + 1 } };
}
