import { facts } from '@audital/contracts';

/** A signing key as its chain has it. */
export interface KeyEpoch {
  epoch: number;
  /** Position of its KEY_ADDED; -1: it is the one of LOG_CREATED. */
  addedAt: number;
  /** Position of its KEY_RETIRED. */
  retiredAt: number | null;
}

/** What the chain says of its keys, oldest first; `find`: where a fact stands in it. Nothing else decides who signs. */
export function keyEpochs(find: (fact: string) => number | null): KeyEpoch[] {
  const epochs: KeyEpoch[] = [];
  for (let epoch = 1; ; epoch += 1) {
    const addedAt = epoch === 1 ? -1 : find(facts.keyAdded(epoch));
    if (addedAt === null) return epochs;
    epochs.push({ epoch, addedAt, retiredAt: find(facts.keyRetired(epoch)) });
  }
}

/** Those that sign the tree of this size: a key signs from the event that adds it, up to before the event that retires it. */
export function liveAt(epochs: readonly KeyEpoch[], size: number): KeyEpoch[] {
  return epochs.filter(({ addedAt, retiredAt }) => addedAt < size && (retiredAt === null || size <= retiredAt));
}
