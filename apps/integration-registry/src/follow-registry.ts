import { createHash } from 'node:crypto';
import {
  type Integration,
  type IntegrationId,
  type OrganisationId,
  partitionOf,
  type SealRequest,
  subjects,
  Unavailable,
} from '@audital/contracts';
import type { Ledger, StoredEvent } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import type { Logger } from '@audital/service';
import { configChange, type RegistryEvent } from './domain/config-change';
import type { Registry } from './registry';
import { decodeRegistryEvent, type RegistryView } from './registry-view';

const RETRY_MS_MAX = 10_000;

/**
 * Follows the registry's own streams from their start, at every start of the service: keeps the view, tells the chain of every change,
 * and takes every PENDING integration through its test. Nothing is remembered, because repeating all of it is harmless: the chain knows
 * the facts, and an outcome is decided on the integration as it stands.
 */
export class RegistryFollower {
  private readonly testing = new Set<IntegrationId>();
  private caughtUp = new Set<string>();

  constructor(
    private readonly o: {
      ledger: Ledger;
      bus: Bus;
      log: Logger;
      registry: Registry;
      view: RegistryView;
      partitions: number;
      signal: AbortSignal;
    },
  ) {}

  /** Rejects when the ledger's history cannot be read. */
  async run(): Promise<void> {
    await Promise.all(['organisation-', 'integration-'].map((category) => this.follow(category)));
  }

  get isCaughtUp(): boolean {
    return this.caughtUp.size === 2;
  }

  private async follow(category: string): Promise<void> {
    const { ledger, view, signal } = this.o;
    const onCaughtUp = (): void => {
      this.caughtUp.add(category);
      if (category === 'integration-')
        for (const integration of view.integrations.values()) this.testIfPending(integration);
    };
    const handle = async (stored: StoredEvent): Promise<void> => {
      view.apply(stored);
      await this.tellChain(stored);
      const integration = view.integrations.get(stored.stream.slice('integration-'.length) as IntegrationId);
      if (this.caughtUp.has(category) && integration) this.testIfPending(integration);
    };
    await ledger.follow({ category, afterPosition: null }, handle, { signal, onCaughtUp });
  }

  /** Tried for as long as it takes: an event that the chain never heard of would be a hole in the audit of the audit. */
  private async tellChain(stored: StoredEvent): Promise<void> {
    const organisationId = this.organisationOf(stored);
    if (organisationId === null) return;
    const integrationId = stored.stream.startsWith('integration-')
      ? (stored.stream.slice('integration-'.length) as IntegrationId)
      : null;
    const observation = configChange(decodeRegistryEvent<RegistryEvent>(stored), {
      stream: stored.stream,
      revision: stored.revision,
      integrationId,
    });
    const request: SealRequest = { v: 1, organisationId, integrationId, observations: [observation], cursor: null };
    const partition = partitionOf(createHash('sha256').update(organisationId).digest(), this.o.partitions);
    await this.retried(`${stored.stream}@${stored.revision}`, () =>
      this.o.bus.publish(subjects.sealWork(partition, organisationId), request, { messageId: observation.fact }),
    );
  }

  private organisationOf(stored: StoredEvent): OrganisationId | null {
    const id = stored.stream.slice(stored.stream.indexOf('-') + 1);
    return stored.stream.startsWith('organisation-')
      ? (id as OrganisationId)
      : (this.o.view.integrations.get(id as IntegrationId)?.organisationId ?? null);
  }

  private testIfPending({ integrationId, status }: Integration): void {
    if (status !== 'PENDING' || this.testing.has(integrationId)) return;
    this.testing.add(integrationId);
    const tested = this.retried(integrationId, async () => {
      const pending = this.o.view.integrations.get(integrationId);
      if (pending?.status === 'PENDING') await this.o.registry.settleTest(pending);
    });
    // One integration that cannot be tested must not take the service, and all the others, with it.
    void tested
      .catch((error: unknown) => {
        const hint = 'an integration stays PENDING, because its test could not be carried out: POST …/test tries again';
        this.o.log.error({ integrationId, err: error }, hint);
      })
      .finally(() => this.testing.delete(integrationId));
  }

  private async retried(what: string, work: () => Promise<unknown>): Promise<void> {
    for (let delayMs = 100; !this.o.signal.aborted; delayMs = Math.min(delayMs * 2, RETRY_MS_MAX)) {
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        this.o.log.warn({ what, reason: error.message, delayMs }, 'a registry event is carried on later');
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }
}
