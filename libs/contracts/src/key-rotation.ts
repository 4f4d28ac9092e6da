import type { OrganisationId } from './ids';

/**
 * `ask.chain.<partition>.rotate-key`: one half of a rotation, A → A+B (ADD) or A+B → B (RETIRE). Decided by what the chain says, so the same
 * request again changes nothing.
 */
export interface RotateKeyRequest {
  v: 1;
  organisationId: OrganisationId;
  phase: 'ADD' | 'RETIRE';
  /** Which key is meant; null: the one whose turn it is. */
  epoch: number | null;
  /** Who decided it, and why: both are sealed. */
  by: string;
  reason: string;
}

export interface LiveKey {
  epoch: number;
  /** 8 hex digits. */
  keyId: string;
  vkey: string;
}

export interface RotateKeyReply {
  phase: 'ADD' | 'RETIRE';
  /** The key that was added or retired. */
  key: LiveKey;
  /** Where the chain says so. */
  chainPosition: number;
  /** It stood there already. */
  replayed: boolean;
  /** The keys that sign every checkpoint from now on, oldest first. */
  live: LiveKey[];
  /** Of the newest checkpoint that was signed. */
  checkpointSize: number;
}

/** The payload of a CONFIG_CHANGE of source AUDITAL with the tag KEY_CHANGE (docs/verify.md). */
export type KeyChangePayload =
  | {
      kind: 'KEY_ADDED';
      epoch: number;
      vkey: string;
      /** A signed note by the key before it: what verifiers believe the new key by. */
      endorsement: string;
      reason: string;
    }
  | { kind: 'KEY_RETIRED'; epoch: number; vkey: string; reason: string };
