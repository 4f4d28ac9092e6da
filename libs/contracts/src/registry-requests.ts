import type { Actor } from './audit-event';
import type { IntegrationId, OrganisationId } from './ids';
import type { ApiKey, Integration, IntegrationSettings, IntegrationTarget, Scope } from './integration';
import type { TestReply } from './polling';

/** `ask.registry.register`. The gateway has parsed the body; the registry decides. */
export interface RegisterIntegration {
  organisationId: OrganisationId;
  by: Actor;
  target: IntegrationTarget;
  settings: IntegrationSettings;
  /** The Idempotency-Key of the request; null: none. */
  idempotencyKey?: string | null;
}

/** `created`: false when an equal live integration stood already (200 instead of 201). `replayed`: by this very Idempotency-Key. */
export interface RegisterReply {
  created: boolean;
  replayed?: boolean;
  integration: Integration;
}

/** `ask.registry.dry-run`: what a registration would come to. Nothing is written. */
export interface DryRunReply {
  /** The equal live integration that would be answered; null: a new one would be registered. */
  existing: IntegrationId | null;
  test: TestReply;
}

/** `ask.registry.update | remove | pause | resume | test`. */
export interface ChangeIntegration {
  organisationId: OrganisationId;
  integrationId: IntegrationId;
  by: Actor;
  /** With `update` only. */
  settings?: IntegrationSettings;
}

/** `ask.registry.create-key`. A test key is made for the sandbox, and stands in its stream and chain. */
export interface CreateApiKey {
  /** The organisation of the key that asks. */
  organisationId: OrganisationId;
  by: Actor;
  /** Of the key that asks: nobody gives away more than they have. */
  holderScopes: readonly Scope[];
  prefix: 'ak_live_' | 'ak_test_';
  label: string;
  scopes: Scope[];
  idempotencyKey: string | null;
}

export type ShownApiKey = Omit<ApiKey, 'hmac' | 'idempotency'>;

/** `text` is shown this once; null when the request repeats an Idempotency-Key. */
export interface CreateApiKeyReply {
  key: ShownApiKey;
  text: string | null;
}

/** `ask.registry.revoke-key`. */
export interface RevokeApiKey {
  organisationId: OrganisationId;
  by: Actor;
  keyId: string;
}

/** `ask.registry.rotate-external-id`: both ids are good from START on; FINISH retires the old one once every role takes the new one. */
export interface RotateExternalId {
  organisationId: OrganisationId;
  by: Actor;
  step: 'START' | 'FINISH' | 'CANCEL';
}

export interface ExternalIds {
  externalId: string;
  nextExternalId: string | null;
  retiredExternalId: string | null;
}

/** `ask.registry.create-organisation`: with a key made beforehand it may be repeated; the answer is the same. */
export interface CreateOrganisation {
  name: string;
  /** `ak_live_…`; null: the registry makes one. */
  firstKey: string | null;
}

export interface CreateOrganisationReply {
  organisationId: OrganisationId;
  sandboxId: OrganisationId;
  externalId: string;
  /** Shown once: null when the organisation stood already. */
  apiKey: string | null;
}
