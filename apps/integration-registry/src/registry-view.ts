import {
  decodeJson,
  evolveIntegration,
  evolveOrganisation,
  type Integration,
  type IntegrationEvent,
  type IntegrationId,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
} from '@audital/contracts';
import type { StoredEvent } from '@audital/ledger';

export const decodeRegistryEvent = <E extends { type: string }>(stored: StoredEvent): E =>
  ({ type: stored.type, data: decodeJson(stored.data) }) as unknown as E;

/** What the registry's streams add up to, in memory; rebuilt by following them. */
export class RegistryView {
  readonly integrations = new Map<IntegrationId, Integration>();
  readonly organisations = new Map<OrganisationId, Organisation>();

  apply(stored: StoredEvent): void {
    const [kind, id] = [
      stored.stream.slice(0, stored.stream.indexOf('-')),
      stored.stream.slice(stored.stream.indexOf('-') + 1),
    ];
    if (kind === 'integration') {
      const before = this.integrations.get(id as IntegrationId) ?? null;
      if (before && before.revision >= stored.revision) return;
      const after = evolveIntegration(before, decodeRegistryEvent<IntegrationEvent>(stored), stored.revision);
      if (after) this.integrations.set(after.integrationId, after);
    } else {
      const before = this.organisations.get(id as OrganisationId) ?? null;
      if (before && before.revision >= stored.revision) return;
      const after = evolveOrganisation(before, decodeRegistryEvent<OrganisationEvent>(stored), stored.revision);
      if (after) this.organisations.set(after.organisationId, after);
    }
  }

  of(organisationId: OrganisationId): Integration[] {
    return [...this.integrations.values()].filter((one) => one.organisationId === organisationId);
  }
}
