import type { PinnedKey } from '@audital/chain/check';

/** What the verifier remembers of a log outside the ledger, and will not let go of: it cannot be rebuilt. */
export interface Kept {
  /** The key that was met first, and those it handed over to, oldest first. */
  keys: PinnedKey[];
  /** Of the newest checkpoint that was accepted. */
  size: number;
  root: Uint8Array;
  /** The signed note, verbatim. */
  note: string;
  /** Four bytes in hex: which key signed it. */
  keyId: string;
  /** Block hash of the last record under it. */
  head: Uint8Array;
  /** The perfect subtrees over the events under it, largest first: a walk over what comes later starts with them. */
  subtrees: Uint8Array[];
}

export const originOf = (logOrigin: string, organisationId: string): string => `${logOrigin}/log/${organisationId}`;
