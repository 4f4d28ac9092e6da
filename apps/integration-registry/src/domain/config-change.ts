import {
  facts,
  type IntegrationEvent,
  type IntegrationId,
  type JsonObject,
  type Observation,
  type OrganisationEvent,
  type Severity,
} from '@audital/contracts';

const SEVERITY: Partial<Record<RegistryEvent['type'], Severity>> = {
  IntegrationRefused: 'MEDIUM',
  IntegrationRemoved: 'MEDIUM',
  IntegrationPaused: 'MEDIUM',
  ApiKeyRevoked: 'MEDIUM',
  RetentionSet: 'MEDIUM',
  LegalHoldPlaced: 'MEDIUM',
  LegalHoldLifted: 'MEDIUM',
};

export type RegistryEvent = IntegrationEvent | OrganisationEvent;

/** The audit of the audit: what a registry event says in the chain. No HMAC, no external id. */
export function configChange(
  event: RegistryEvent,
  at: { stream: string; revision: number; integrationId: IntegrationId | null },
): Observation {
  const { type, data } = event;
  return {
    fact: facts.registryEvent(at.stream, at.revision),
    eventType: 'CONFIG_CHANGE',
    source: 'AUDITAL',
    severity: severityOf(event),
    timestamp: data.at,
    observedAt: data.at,
    captureMode: 'API',
    actor: data.by,
    integrationId: at.integrationId,
    payload: {
      change: changeName(type),
      ...(at.integrationId ? { integrationId: at.integrationId } : {}),
      ...details(event),
    },
    tags: [],
  };
}

/** A permission that was lost is missing from every event from now on. */
const severityOf = (event: RegistryEvent): Severity =>
  event.type === 'IntegrationChecksChanged' && event.data.changes.some(({ after }) => after === 'DENIED')
    ? 'MEDIUM'
    : (SEVERITY[event.type] ?? 'INFO');

/** IntegrationRegistered → INTEGRATION_REGISTERED. */
const changeName = (type: string): string => type.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();

function details(event: RegistryEvent): JsonObject {
  switch (event.type) {
    case 'IntegrationRegistered': {
      const { awsAccountId, region, roleArn } = event.data.target;
      return { awsAccountId, region, roleArn, settings: json(event.data.settings) };
    }
    case 'IntegrationUpdated':
      return { settings: json(event.data.settings), changes: (event.data.changes ?? []).map(json) };
    case 'IntegrationActivated':
      return { checks: json(event.data.rows.map(({ check, status }) => ({ check, status }))) };
    case 'IntegrationChecksChanged':
      return { changes: event.data.changes.map(json) };
    case 'IntegrationRefused':
      return {
        reason: json(event.data.reason),
        checks: json(event.data.rows.map(({ check, status }) => ({ check, status }))),
      };
    case 'OrganisationCreated':
      return { name: event.data.name, kind: event.data.kind };
    case 'ApiKeyCreated': {
      const { keyId, label, prefix, last4, scopes } = event.data;
      return { keyId, label, prefix, last4, scopes: [...scopes] };
    }
    case 'ApiKeyRevoked':
      return { keyId: event.data.keyId };
    case 'RetentionSet':
      return { retentionDays: event.data.retentionDays };
    case 'LegalHoldPlaced':
    case 'LegalHoldLifted':
      return { hold: event.data.name, reason: event.data.reason };
    case 'IntegrationPaused':
    case 'IntegrationResumed':
    case 'IntegrationRemoved':
    case 'ExternalIdIssued':
    case 'ExternalIdRotationStarted':
    case 'ExternalIdRotationFinished':
    case 'ExternalIdRotationCancelled':
      return {};
  }
}

const json = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;
