import type { Actor } from './audit-event';
import type { OrganisationId } from './ids';
import { RETENTION } from './redaction';

/** How long an organisation keeps payloads, and what keeps them longer: events of `organisation-<orgId>`, set by the operator. */
export interface PayloadPolicy {
  retentionDays: number;
  /** While there is one, no payload goes. */
  holds: LegalHold[];
}

export interface LegalHold {
  name: string;
  reason: string;
  placedAt: string;
}

interface Happened {
  at: string;
  by: Actor;
}

export type PolicyEvent =
  | { type: 'RetentionSet'; data: Happened & { retentionDays: number } }
  | { type: 'LegalHoldPlaced'; data: Happened & { name: string; reason: string } }
  | { type: 'LegalHoldLifted'; data: Happened & { name: string; reason: string } };

export const INITIAL_POLICY: PayloadPolicy = { retentionDays: RETENTION.defaultDays, holds: [] };

const TYPES = ['RetentionSet', 'LegalHoldPlaced', 'LegalHoldLifted'];

export const isPolicyEvent = (event: { type: string }): event is PolicyEvent => TYPES.includes(event.type);

export function evolvePolicy({ retentionDays, holds }: PayloadPolicy, event: PolicyEvent): PayloadPolicy {
  switch (event.type) {
    case 'RetentionSet':
      return { retentionDays: event.data.retentionDays, holds };
    case 'LegalHoldPlaced': {
      const { name, reason, at } = event.data;
      return { retentionDays, holds: [...holds, { name, reason, placedAt: at }] };
    }
    case 'LegalHoldLifted':
      return { retentionDays, holds: holds.filter(({ name }) => name !== event.data.name) };
  }
}

/** `ask.registry.set-retention`. */
export interface SetRetention {
  organisationId: OrganisationId;
  who: string;
  retentionDays: number;
}

/** `ask.registry.place-hold | lift-hold`. */
export interface ChangeHold {
  organisationId: OrganisationId;
  who: string;
  name: string;
  reason: string;
}

/** `ask.registry.show-policy`. */
export interface ShowPolicy {
  organisationId: OrganisationId;
}
