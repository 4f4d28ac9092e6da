import type { Actor } from './audit-event';
import type { Json } from './json';
import type { DoctorRow, RefusalCode } from './polling';
import type { IntegrationId, OrganisationId } from './ids';
import { evolvePolicy, INITIAL_POLICY, isPolicyEvent, type PayloadPolicy, type PolicyEvent } from './payload-policy';

/** What a customer asks to be watched. Public field names; `syncInterval` is in seconds. */
export interface IntegrationSettings {
  name: string | null;
  environment: string | null;
  syncInterval: number;
  filters: { namePrefix: string | null; tags: Record<string, string> };
  captureMetrics: boolean;
  captureHyperparameters: boolean;
  captureTrainingStarted: boolean;
  backfillDays: number;
  /** The tag whose value names the model, when there is one. */
  modelIdentity: { tag: string | null };
}

/** Account and region of an integration never change. */
export interface IntegrationTarget {
  awsAccountId: string;
  region: string;
  roleArn: string;
  externalId: string;
}

interface Happened {
  at: string;
  by: Actor;
}

/** An Idempotency-Key, and the SHA-256 (hex) of what it was sent with: a repetition is told from another request. */
export interface Idempotency {
  key: string;
  digest: string;
}

/** One field of the settings that changed; RFC 6901 pointer. */
export interface SettingsChange {
  pointer: string;
  before: Json;
  after: Json;
}

/** A check of the doctor that answers otherwise than it last did; `before` null: it had never been answered. */
export interface CheckChange {
  check: string;
  before: 'GRANTED' | 'DENIED' | null;
  after: 'GRANTED' | 'DENIED';
}

/** The events of `integration-<intId>`, in the ledger's `type` and `data`. */
export type IntegrationEvent =
  | {
      type: 'IntegrationRegistered';
      data: Happened & {
        integrationId: IntegrationId;
        organisationId: OrganisationId;
        target: IntegrationTarget;
        settings: IntegrationSettings;
        idempotency?: Idempotency;
      };
    }
  | { type: 'IntegrationActivated'; data: Happened & { rows: DoctorRow[] } }
  /** The doctor found other permissions than before; the integration stays as it is. */
  | { type: 'IntegrationChecksChanged'; data: Happened & { rows: DoctorRow[]; changes: CheckChange[] } }
  | {
      type: 'IntegrationRefused';
      data: Happened & { reason: { code: RefusalCode; message: string }; rows: DoctorRow[] };
    }
  | { type: 'IntegrationUpdated'; data: Happened & { settings: IntegrationSettings; changes?: SettingsChange[] } }
  | { type: 'IntegrationPaused'; data: Happened }
  /** PENDING again, until the doctor has spoken. */
  | { type: 'IntegrationResumed'; data: Happened }
  | { type: 'IntegrationRemoved'; data: Happened };

export type IntegrationStatus = 'PENDING' | 'ACTIVE' | 'REFUSED' | 'PAUSED' | 'REMOVED';

/** What the events of one integration stream add up to. `revision` is that of the last event. */
export interface Integration {
  integrationId: IntegrationId;
  organisationId: OrganisationId;
  target: IntegrationTarget;
  settings: IntegrationSettings;
  status: IntegrationStatus;
  /** The outcome of the last test. */
  test: { at: string; rows: DoctorRow[]; reason: { code: RefusalCode; message: string } | null } | null;
  registeredAt: string;
  /** With what it was registered, if the request bore an Idempotency-Key. */
  idempotency?: Idempotency;
  /** Since when it has been ACTIVE without a break; null otherwise. */
  activeSince: string | null;
  revision: number;
}

/** `null` before IntegrationRegistered. */
export function evolveIntegration(
  state: Integration | null,
  event: IntegrationEvent,
  revision: number,
): Integration | null {
  if (event.type === 'IntegrationRegistered') {
    const { integrationId, organisationId, target, settings, idempotency, at } = event.data;
    return {
      ...(idempotency ? { idempotency } : {}),
      integrationId,
      organisationId,
      target,
      settings,
      status: 'PENDING',
      test: null,
      registeredAt: at,
      activeSince: null,
      revision,
    };
  }
  if (state === null) throw new Error(`${event.type} at revision ${revision} comes before IntegrationRegistered.`);
  const { at } = event.data;
  switch (event.type) {
    case 'IntegrationActivated':
      return {
        ...state,
        revision,
        status: 'ACTIVE',
        activeSince: at,
        test: { at, rows: event.data.rows, reason: null },
      };
    case 'IntegrationChecksChanged':
      return { ...state, revision, test: { at, rows: event.data.rows, reason: state.test?.reason ?? null } };
    case 'IntegrationRefused': {
      const { rows, reason } = event.data;
      return { ...state, revision, status: 'REFUSED', activeSince: null, test: { at, rows, reason } };
    }
    case 'IntegrationUpdated':
      return { ...state, revision, settings: event.data.settings };
    case 'IntegrationPaused':
      return { ...state, revision, status: 'PAUSED', activeSince: null };
    case 'IntegrationResumed':
      // What its role trusts and allows may have changed meanwhile: it is tested like a new one.
      return { ...state, revision, status: 'PENDING', activeSince: null };
    case 'IntegrationRemoved':
      return { ...state, revision, status: 'REMOVED', activeSince: null };
    default: {
      const unknown: never = event;
      throw new Error(`Unknown integration event ${JSON.stringify(unknown)}.`);
    }
  }
}

/** The events of `organisation-<orgId>`. Of a key only its HMAC under the pepper is stored. */
export type OrganisationEvent =
  | {
      type: 'OrganisationCreated';
      data: Happened & {
        organisationId: OrganisationId;
        name: string;
        kind: 'LIVE' | 'SANDBOX';
        /** The sandbox of a live organisation, and the other way round: an organisation of its own in every respect. */
        siblingId: OrganisationId;
      };
    }
  | { type: 'ExternalIdIssued'; data: Happened & { externalId: string } }
  /** From here on both external ids are the organisation's, until the rotation is finished or cancelled. */
  | { type: 'ExternalIdRotationStarted'; data: Happened & { externalId: string } }
  | { type: 'ExternalIdRotationFinished'; data: Happened }
  | { type: 'ExternalIdRotationCancelled'; data: Happened }
  | {
      type: 'ApiKeyCreated';
      data: Happened & {
        keyId: string;
        label: string;
        prefix: 'ak_live_' | 'ak_test_';
        last4: string;
        hmac: string;
        scopes: Scope[];
        idempotency?: Idempotency;
      };
    }
  | { type: 'ApiKeyRevoked'; data: Happened & { keyId: string } }
  | PolicyEvent;

export const SCOPES = [
  'audit:read',
  'audit:write',
  'integrations:read',
  'integrations:write',
  'keys:manage',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiKey {
  idempotency?: Idempotency;
  keyId: string;
  label: string;
  prefix: 'ak_live_' | 'ak_test_';
  last4: string;
  hmac: string;
  scopes: Scope[];
  createdAt: string;
  revokedAt: string | null;
}

export interface Organisation extends PayloadPolicy {
  organisationId: OrganisationId;
  name: string;
  kind: 'LIVE' | 'SANDBOX';
  siblingId: OrganisationId;
  /** The one in force. */
  externalId: string | null;
  /** The one that is to take its place; null unless a rotation is under way. */
  nextExternalId: string | null;
  /** The one before it; a role that still takes it should be told. */
  retiredExternalId: string | null;
  keys: ApiKey[];
  createdAt: string;
  revision: number;
}

export function evolveOrganisation(
  state: Organisation | null,
  event: OrganisationEvent,
  revision: number,
): Organisation | null {
  if (event.type === 'OrganisationCreated') {
    const { organisationId, name, kind, siblingId, at } = event.data;
    const externalIds = { externalId: null, nextExternalId: null, retiredExternalId: null };
    return {
      organisationId,
      name,
      kind,
      siblingId,
      ...externalIds,
      ...INITIAL_POLICY,
      keys: [],
      createdAt: at,
      revision,
    };
  }
  if (state === null) throw new Error(`${event.type} at revision ${revision} comes before OrganisationCreated.`);
  if (isPolicyEvent(event)) return { ...state, ...evolvePolicy(state, event), revision };
  switch (event.type) {
    case 'ExternalIdIssued':
      return { ...state, revision, externalId: event.data.externalId };
    case 'ExternalIdRotationStarted':
      return { ...state, revision, nextExternalId: event.data.externalId };
    case 'ExternalIdRotationFinished': {
      const { externalId, nextExternalId } = state;
      return {
        ...state,
        revision,
        externalId: nextExternalId ?? externalId,
        nextExternalId: null,
        retiredExternalId: externalId,
      };
    }
    case 'ExternalIdRotationCancelled':
      return { ...state, revision, nextExternalId: null, retiredExternalId: state.nextExternalId };
    case 'ApiKeyCreated': {
      const { at, by: _by, ...key } = event.data;
      return { ...state, revision, keys: [...state.keys, { ...key, createdAt: at, revokedAt: null }] };
    }
    case 'ApiKeyRevoked': {
      const { keyId, at } = event.data;
      const keys = state.keys.map((key) => (key.keyId === keyId ? { ...key, revokedAt: at } : key));
      return { ...state, revision, keys };
    }
    default: {
      const unknown: never = event;
      throw new Error(`Unknown organisation event ${JSON.stringify(unknown)}.`);
    }
  }
}
