import type { OrganisationId } from './ids';

/**
 * Why a payload may go. `overridesFloor`: the law that asks for it goes before the shortest time that logs are kept (docs/decisions/0021):
 * Art. 19(1) and 26(6) of Regulation (EU) 2024/1689 give way to the law on the protection of personal data.
 */
export const LEGAL_BASES = {
  /** Erasure that a person may ask for: Art. 17 of Regulation (EU) 2016/679. */
  GDPR_ART_17: { overridesFloor: true },
  /** A court or an authority ordered it. */
  COURT_ORDER: { overridesFloor: true },
  /** A contract, a policy of one's own, a credential that was captured and is revoked. */
  CONTRACT: { overridesFloor: false },
  OTHER: { overridesFloor: false },
} as const;
export type LegalBasis = keyof typeof LEGAL_BASES;

/** What PAYLOAD_REDACTED says when nobody asked: the organisation's retention ended. */
export const RETENTION_BASIS = 'RETENTION';

export const RETENTION = {
  /** Art. 19(1) and 26(6) of Regulation (EU) 2024/1689: at least six months. */
  floorDays: 183,
  /** Seven years. */
  defaultDays: 2557,
  daysMax: 36_525,
} as const;

/** `ask.chain.<partition>.redact`. The same requestId again answers how far the first got, and goes on with it. */
export interface RedactRequest {
  v: 1;
  organisationId: OrganisationId;
  /** `req_` + 26 characters. */
  requestId: string;
  /** Both together name 1 to 1000 events. */
  positions: number[];
  eventIds: string[];
  /** The person who asked for it, as the chain will show them. */
  who: string;
  /** It stands in the chain for ever: it must not repeat what is to go. */
  reason: string;
  legalBasis: LegalBasis;
}

/** Where a payload still lies, and why. */
export interface PendingErasure {
  where: 'CHAIN' | 'LEDGER' | 'AUDIT' | 'DEAD';
  reason: string;
}

export interface RedactReply {
  /** The PAYLOAD_REDACTED event. */
  id: string;
  chainPosition: number;
  redacted: number[];
  /** Empty: every copy that Audital has is gone. What is not done yet is tried again without being asked. */
  pending: PendingErasure[];
}

/** The payload of PAYLOAD_REDACTED. */
export type RedactionPayload = {
  requestId: string;
  positions: number[];
  reason: string;
  legalBasis: LegalBasis | typeof RETENTION_BASIS;
};
