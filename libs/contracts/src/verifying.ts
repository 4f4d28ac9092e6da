import type { Severity } from './audit-event';
import type { OrganisationId } from './ids';

/** What can be wrong with a chain. docs/verify.md says when each is found; STALE: events stand under no checkpoint for too long. */
export type ChainAlertCode =
  'GAP' | 'MISSING' | 'INVALID' | 'REORDER' | 'DUPLICATE' | 'TRUNCATED' | 'FORK' | 'ROLLBACK' | 'STALE';

export interface ChainAlert {
  code: ChainAlertCode;
  severity: Severity;
  /** Positions, both inclusive. */
  affectedRange: { from: number; to: number };
  firstBadPosition: number;
  /** RFC 3339: when it was first found. */
  detectedAt: string;
  /** A sentence: what is wrong, and where. */
  message: string;
}

/** `ask.verifier.status`. */
export interface AskVerifierStatus {
  organisationId: OrganisationId;
}

/** What the chain-verifier found out about one chain, with its own eyes. Times are RFC 3339; null: not yet. */
export interface VerifierReport {
  organisationId: OrganisationId;
  /** Records that the ledger held when it was last read. */
  totalEvents: number;
  /** Events under the newest checkpoint that the verifier accepted. */
  verifiedTo: number;
  /** Whether it was looked at, and nothing is wrong. */
  valid: boolean;
  lastVerifiedAt: string | null;
  /** When the chain was last read from position 0 to its end, values included, and how many events that were. */
  lastFullVerification: { size: number; at: string } | null;
  /** Each stays until a whole pass over the chain does not find it any more. */
  alerts: ChainAlert[];
}
