import { randomBytes } from 'node:crypto';
import {
  type Actor,
  type ChangeIntegration,
  Conflict,
  type DryRunReply,
  evolveIntegration,
  type Integration,
  type IntegrationEvent,
  type IntegrationId,
  ledgerStreams,
  makeId,
  type OrganisationId,
  Rejected,
  type RegisterIntegration,
  type RegisterReply,
  subjects,
  type TestReply,
  type TestRequest,
  Unavailable,
} from '@audital/contracts';
import { handle, jsonEvent, type Ledger, load, NO_STREAM, readAll } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import {
  type Change,
  decideChange,
  decideOutcome,
  decideRegistration,
  refuseOverlap,
  type Registration,
} from './domain/integration';
import { decodeRegistryEvent, type RegistryView } from './registry-view';

const REGISTRY: Actor = { type: 'SERVICE', id: 'integration-registry' };
const TEST_LIMIT_MS = 60_000;

export interface RegistryOptions {
  ledger: Ledger;
  bus: Bus;
  view: RegistryView;
  now: () => Date;
}

/** The use cases of the registry. Each decides on what the ledger holds, and appends; nothing else (DESIGN §1). */
export class Registry {
  /** Registrations of one organisation go one after the other, so that each sees the one before it. */
  private readonly turns = new Map<OrganisationId, Promise<unknown>>();

  constructor(private readonly o: RegistryOptions) {}

  register(request: RegisterIntegration): Promise<RegisterReply> {
    return this.inTurn(request.organisationId, () => this.registerNow(request));
  }

  async change(change: Change, request: ChangeIntegration): Promise<Integration> {
    const decide = (state: Integration | null): IntegrationEvent[] => {
      const own = state?.organisationId === request.organisationId ? state : null;
      const settings = request.settings ? { settings: request.settings } : {};
      if (change === 'update' && own && request.settings) refuseOverlap(own.target, request.settings, this.others(own));
      return decideChange(change, own, { at: this.o.now().toISOString(), by: request.by, ...settings });
    };
    const change1 = (): Promise<Integration> => this.integration(request.integrationId, decide);
    return change === 'update' ? this.inTurn(request.organisationId, change1) : change1();
  }

  /** Asks the collector again. The answer shows what it found now, also where that changes nothing. */
  async test(request: ChangeIntegration): Promise<Integration> {
    const { state } = await load(this.o.ledger, ledgerStreams.integration(request.integrationId), integrationDecider);
    if (state?.organisationId !== request.organisationId || state.status === 'REMOVED') {
      throw new Rejected('INTEGRATION_NOT_FOUND', 'There is no such integration in this organisation.');
    }
    return this.settleTest(state);
  }

  /** The doctor's word on an integration, and what follows from it. Throws Unavailable while the collector is away. */
  async settleTest(integration: Integration): Promise<Integration> {
    const { integrationId, settings } = integration;
    const reply = await this.examine(integration, { integrationId, namePrefix: settings.filters.namePrefix });
    const state = await this.integration(integrationId, (current) => decideOutcome(current, reply, REGISTRY));
    return { ...state, test: { at: reply.testedAt, rows: reply.rows, reason: reply.reason } };
  }

  /** What registering would come to. Nothing is written. */
  async dryRun(request: RegisterIntegration): Promise<DryRunReply> {
    const { organisationId, target, settings } = request;
    const registration = await this.decide(request);
    const existing = registration.kind === 'new' ? null : registration.integration.integrationId;
    const { namePrefix } = settings.filters;
    return { existing, test: await this.examine({ organisationId, target }, { integrationId: existing, namePrefix }) };
  }

  /** The live integrations whose roles do not take this external id. */
  async rolesRefusing(organisationId: OrganisationId, externalId: string): Promise<IntegrationId[]> {
    await this.refresh(organisationId);
    const polled = this.o.view.of(organisationId).filter(({ status }) => status === 'ACTIVE' || status === 'PENDING');
    const refusing = await Promise.all(
      polled.map(async (one) => {
        const { integrationId, settings } = one;
        const o = { integrationId, namePrefix: settings.filters.namePrefix, externalId };
        return (await this.examine(one, o)).reason?.code === 'ROLE_NOT_ASSUMABLE' ? [integrationId] : [];
      }),
    );
    return refusing.flat();
  }

  private async examine(
    { organisationId, target }: Pick<Integration, 'organisationId' | 'target'>,
    o: { integrationId: IntegrationId | null; namePrefix: string | null; externalId?: string },
  ): Promise<TestReply> {
    await this.refresh(organisationId);
    const organisation = this.o.view.organisations.get(organisationId);
    const { awsAccountId, region, roleArn } = target;
    const { integrationId, namePrefix, externalId } = o;
    const inForce = {
      current: organisation?.externalId ?? target.externalId,
      next: organisation?.nextExternalId ?? null,
      retired: organisation?.retiredExternalId ?? null,
    };
    const externalIds = externalId === undefined ? inForce : { current: externalId, next: null, retired: null };
    const names = { organisationId, integrationId, namePrefix };
    const request: TestRequest = { ...names, awsAccountId, region, roleArn, externalIds };
    return this.o.bus.ask<TestReply>(subjects.askCollectorTest(), request, { timeoutMs: TEST_LIMIT_MS });
  }

  private async decide(request: RegisterIntegration): Promise<Registration> {
    await this.refresh(request.organisationId);
    const organisation = this.o.view.organisations.get(request.organisationId);
    if (!organisation?.externalId) throw new Rejected('ORGANISATION_NOT_FOUND', 'There is no such organisation.');
    const { externalId, nextExternalId } = organisation;
    return decideRegistration(request, {
      externalIds: nextExternalId === null ? [externalId] : [externalId, nextExternalId],
      integrations: this.o.view.of(request.organisationId),
    });
  }

  private async registerNow(request: RegisterIntegration): Promise<RegisterReply> {
    const registration = await this.decide(request);
    if (registration.kind === 'exists') return { created: false, integration: registration.integration };
    if (registration.kind === 'replayed')
      return { created: true, replayed: true, integration: registration.integration };
    const { idempotency } = registration;
    const now = this.o.now();
    const integrationId = makeId('int', now.getTime(), randomBytes(10));
    const { organisationId, target, settings, by } = request;
    const data = {
      ...{ at: now.toISOString(), by, integrationId, organisationId, target, settings },
      ...(idempotency ? { idempotency } : {}),
    };
    const stream = ledgerStreams.integration(integrationId);
    const event = jsonEvent('IntegrationRegistered', data);
    await this.o.ledger.append(stream, NO_STREAM, [event]);
    const integration = evolveIntegration(null, { type: 'IntegrationRegistered', data }, 0) as Integration;
    this.o.view.integrations.set(integrationId, integration);
    this.o.bus.hint(subjects.registryChanged(), { stream });
    return { created: true, integration };
  }

  private others(own: Integration): Integration[] {
    return this.o.view
      .of(own.organisationId)
      .filter((one) => one.integrationId !== own.integrationId && one.status !== 'REMOVED');
  }

  /** The view follows the ledger; before a decision the streams that it rests on are read to their ends. */
  private async refresh(organisationId: OrganisationId): Promise<void> {
    const { ledger, view } = this.o;
    const ends = [
      { stream: ledgerStreams.organisation(organisationId), known: view.organisations.get(organisationId) },
      ...view.of(organisationId).map((one) => ({ stream: ledgerStreams.integration(one.integrationId), known: one })),
    ];
    for (const { stream, known } of ends) {
      for await (const stored of readAll(ledger, stream, (known?.revision ?? -1) + 1)) view.apply(stored);
    }
  }

  private async integration(
    integrationId: IntegrationId,
    decide: (state: Integration | null) => IntegrationEvent[],
  ): Promise<Integration> {
    const stream = ledgerStreams.integration(integrationId);
    const { state, events } = await handle<Integration | null, IntegrationEvent>(this.o.ledger, stream, {
      ...integrationDecider,
      decide,
    });
    if (events.length > 0) this.o.bus.hint(subjects.registryChanged(), { stream });
    if (state === null)
      throw new Rejected('INTEGRATION_NOT_FOUND', 'There is no such integration in this organisation.');
    return state;
  }

  private inTurn<T>(organisationId: OrganisationId, work: () => Promise<T>): Promise<T> {
    const before = this.turns.get(organisationId) ?? Promise.resolve();
    const turn = before.then(work, work);
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.turns.set(organisationId, settled);
    void settled.then(() => {
      if (this.turns.get(organisationId) === settled) this.turns.delete(organisationId);
    });
    return turn.catch((error: unknown) => {
      throw error instanceof Conflict
        ? new Unavailable('ledger', 'Somebody else registers at the same time: try again.', { cause: error })
        : error;
    });
  }
}

const integrationDecider = {
  initialState: null,
  decode: decodeRegistryEvent<IntegrationEvent>,
  encode: (event: IntegrationEvent) => jsonEvent(event.type, event.data),
  evolve: evolveIntegration,
};
