import {
  type ChangeIntegration,
  decodeJson,
  type DryRunReply,
  evolveIntegration,
  type Integration,
  type IntegrationEvent,
  type IntegrationId,
  type IntegrationSettings,
  type IntegrationTarget,
  ledgerStreams,
  type OrganisationId,
  type PollNow,
  type RegisterIntegration,
  type RegisterReply,
  subjects,
} from '@audital/contracts';
import { type Ledger, load } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import { type DryRunView, dryRunView, type IntegrationView, integrationView } from '../domain/integration-view';
import { ApiError } from '../http/api-error';
import type { Caller } from './authenticator';
import type { CategoryView } from './category-view';
import type { PollBoard } from './poll-board';

/** The registry waits up to 60 s for the collector's doctor. */
const TEST_TIMEOUT_MS = 65_000;

export interface IntegrationsOptions {
  ledger: Ledger;
  bus: Pick<Bus, 'ask'>;
  view: CategoryView<Integration, IntegrationEvent>;
  polls: PollBoard;
  /** The one in force: it may have taken the place of the one that an integration was registered with. */
  externalIdOf: (organisationId: OrganisationId) => string | null;
  now: () => Date;
}

/** Integrations as an organisation sees its own: asked for at the registry, read from the ledger. */
export class Integrations {
  constructor(private readonly o: IntegrationsOptions) {}

  /** Oldest first. */
  list(organisationId: OrganisationId): IntegrationView[] {
    const own = this.o.view.all().filter((one) => one.organisationId === organisationId && one.status !== 'REMOVED');
    return own.sort((a, b) => (a.integrationId < b.integrationId ? -1 : 1)).map((one) => this.show(one));
  }

  /** Read from its own stream, so that it shows what was written a moment ago. Throws ApiError 404 for what is not the organisation's. */
  async find(organisationId: OrganisationId, id: string): Promise<Integration> {
    const stream = ledgerStreams.integration(id as IntegrationId);
    const { state } = await load<Integration | null, IntegrationEvent>(this.o.ledger, stream, {
      initialState: null,
      decode: ({ type, data }) => ({ type, data: decodeJson(data) }) as IntegrationEvent,
      evolve: evolveIntegration,
    });
    if (state?.organisationId !== organisationId || state.status === 'REMOVED') {
      throw new ApiError('INTEGRATION_NOT_FOUND', `Your organisation has no integration ${id.slice(0, 64)}.`);
    }
    return state;
  }

  async register(
    caller: Caller,
    o: Pick<RegisterIntegration, 'target' | 'settings' | 'idempotencyKey'>,
  ): Promise<{ created: boolean; replayed: boolean; integration: IntegrationView }> {
    const request: RegisterIntegration = { organisationId: caller.organisation.organisationId, by: caller.actor, ...o };
    const reply = await this.o.bus.ask<RegisterReply>(subjects.askRegistry('register'), request);
    const { created, replayed = false, integration } = reply;
    await this.o.view.catchUp();
    return { created, replayed, integration: this.show(integration) };
  }

  async dryRun(caller: Caller, target: IntegrationTarget, settings: IntegrationSettings): Promise<DryRunView> {
    const { organisationId } = caller.organisation;
    const request: RegisterIntegration = { organisationId, by: caller.actor, target, settings };
    const options = { timeoutMs: TEST_TIMEOUT_MS };
    return dryRunView(await this.o.bus.ask<DryRunReply>(subjects.askRegistry('dry-run'), request, options));
  }

  async change(
    caller: Caller,
    verb: 'update' | 'remove' | 'pause' | 'resume' | 'test',
    o: { id: string; settings?: IntegrationSettings },
  ): Promise<IntegrationView> {
    const { organisationId } = caller.organisation;
    const request: ChangeIntegration = {
      organisationId,
      integrationId: o.id as IntegrationId,
      by: caller.actor,
      ...(o.settings ? { settings: o.settings } : {}),
    };
    const options = verb === 'test' ? { timeoutMs: TEST_TIMEOUT_MS } : {};
    const integration = await this.o.bus.ask<Integration>(subjects.askRegistry(verb), request, options);
    // A list that is asked for next shows the change.
    await this.o.view.catchUp();
    return this.show(integration);
  }

  async sync(organisationId: OrganisationId, id: string): Promise<IntegrationView> {
    const integration = await this.find(organisationId, id);
    if (integration.status !== 'ACTIVE') {
      throw new ApiError(
        'INTEGRATION_STATUS',
        `The integration is ${integration.status}; only an ACTIVE one is polled.`,
      );
    }
    const request: PollNow = { organisationId, integrationId: integration.integrationId };
    await this.o.bus.ask(subjects.askSchedulerPoll(), request);
    return this.show(integration);
  }

  show(integration: Integration): IntegrationView {
    const externalId = this.o.externalIdOf(integration.organisationId) ?? integration.target.externalId;
    const target = { ...integration.target, externalId };
    const polls = this.o.polls.of(integration.integrationId);
    return integrationView({ ...integration, target }, polls, this.o.now());
  }
}
