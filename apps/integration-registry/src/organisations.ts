import { createHmac, randomBytes } from 'node:crypto';
import {
  type Actor,
  base62,
  type ChangeHold,
  type CreateApiKey,
  type CreateApiKeyReply,
  type CreateOrganisation,
  type CreateOrganisationReply,
  evolveOrganisation,
  type ExternalIds,
  type IntegrationId,
  isId,
  ledgerStreams,
  makeApiKey,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
  type PayloadPolicy,
  Rejected,
  type RevokeApiKey,
  type RotateExternalId,
  type SetRetention,
  type ShowPolicy,
  subjects,
} from '@audital/contracts';
import { handle, jsonEvent, type Ledger, load } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import { decideRotation } from './domain/external-id';
import { decideKey, decideRevocation, type KeyDecision } from './domain/keys';
import { birthOf, decideBirth } from './domain/organisation';
import { decideHold, decideRetention, existing } from './domain/policy';
import { decodeRegistryEvent } from './registry-view';

const OPERATOR: Actor = { type: 'USER', id: 'operator' };

export interface OrganisationsOptions {
  ledger: Ledger;
  bus: Pick<Bus, 'hint'>;
  /** Shared with the gateway: of a key only its HMAC under it is stored. */
  pepper: string;
  now: () => Date;
  /** Which polled integrations have a role that does not take an external id. */
  rolesRefusing: (organisationId: OrganisationId, externalId: string) => Promise<IntegrationId[]>;
}

/** Organisations, their API keys and their external ids. Each use case decides on what the ledger holds, and appends. */
export class Organisations {
  constructor(private readonly o: OrganisationsOptions) {}

  async createOrganisation(request: CreateOrganisation): Promise<CreateOrganisationReply> {
    if (typeof request?.name !== 'string' || request.name.trim() === '' || request.name.length > 128) {
      throw new Rejected('REQUEST_INVALID', 'An organisation has a name of 1 to 128 characters.');
    }
    const text = request.firstKey ?? makeApiKey('ak_live_', randomBytes(32));
    const birth = birthOf({ bytes: this.bytesOf(`organisation | ${text}`), keyHmac: this.keyHmac(text) });
    const at = this.o.now().toISOString();
    const common = { name: request.name.trim(), at, by: OPERATOR };
    const live = {
      ...common,
      organisationId: birth.organisationId,
      siblingId: birth.sandboxId,
      kind: 'LIVE' as const,
      externalId: birth.externalId,
      firstKey: { hmac: this.keyHmac(text), text },
    };
    const sandboxExternalId = birthOf({ bytes: this.bytesOf(`sandbox | ${text}`), keyHmac: '' }).externalId;
    const sandbox = {
      ...common,
      organisationId: birth.sandboxId,
      siblingId: birth.organisationId,
      kind: 'SANDBOX' as const,
      externalId: sandboxExternalId,
      firstKey: null,
    };
    // The sandbox first: when the live organisation stands, both do.
    await this.decideOn(birth.sandboxId, (state) => decideBirth(state, sandbox));
    const { events } = await this.decideOn(birth.organisationId, (state) => decideBirth(state, live));
    const created = events.some(({ type }) => type === 'OrganisationCreated');
    return {
      organisationId: birth.organisationId,
      sandboxId: birth.sandboxId,
      externalId: birth.externalId,
      apiKey: created ? text : null,
    };
  }

  /** How long payloads are kept; the chain-writer reads it in the organisation's stream. */
  setRetention(request: SetRetention): Promise<PayloadPolicy> {
    const at = this.o.now().toISOString();
    return this.policy(request.organisationId, (state) => decideRetention(state, request, at));
  }

  changeHold(change: 'place' | 'lift', request: ChangeHold): Promise<PayloadPolicy> {
    const at = this.o.now().toISOString();
    return this.policy(request.organisationId, (state) => decideHold(state, { ...request, change }, at));
  }

  showPolicy({ organisationId }: ShowPolicy): Promise<PayloadPolicy> {
    return this.policy(organisationId, () => []);
  }

  private async policy(
    id: OrganisationId,
    decide: (state: Organisation | null) => OrganisationEvent[],
  ): Promise<PayloadPolicy> {
    if (!isId('org', id)) throw new Rejected('REQUEST_INVALID', 'organisationId is not org_ and 26 characters.');
    const { retentionDays, holds } = existing((await this.decideOn(id, decide)).state);
    return { retentionDays, holds };
  }

  /** The key's text is made here, told once, and kept by nobody. */
  async createKey(request: CreateApiKey): Promise<CreateApiKeyReply> {
    const asking = await this.find(request.organisationId);
    if (asking.kind === 'SANDBOX' && request.prefix === 'ak_live_')
      throw new Rejected('KEY_SCOPES_EXCEEDED', 'A test key makes test keys only.', [
        { pointer: '/mode', code: 'KEY_SCOPES_EXCEEDED', message: 'A test key makes test keys only.' },
      ]);
    const isSibling = asking.kind === 'LIVE' && request.prefix === 'ak_test_';
    const text = makeApiKey(request.prefix, randomBytes(32));
    const fresh = {
      at: this.o.now().toISOString(),
      by: request.by,
      random: randomBytes(10),
      hmac: this.keyHmac(text),
      last4: text.slice(-4),
    };
    let decision = null as KeyDecision | null;
    await this.decideOn(isSibling ? asking.siblingId : asking.organisationId, (state) => {
      decision = decideKey(known(state), request, fresh);
      return decision.event === null ? [] : [decision.event];
    });
    const { key, event } = decision as unknown as KeyDecision;
    return { key, text: event === null ? null : text };
  }

  /** A live organisation manages the keys of its sandbox too. */
  async revokeKey({ organisationId, keyId, by }: RevokeApiKey): Promise<null> {
    const asking = await this.find(organisationId);
    const sandbox = asking.kind === 'LIVE' ? await this.find(asking.siblingId) : null;
    const owner = sandbox?.keys.some((key) => key.keyId === keyId) ? sandbox : asking;
    const at = this.o.now().toISOString();
    await this.decideOn(owner.organisationId, (state) => decideRevocation(known(state), keyId, { at, by }));
    return null;
  }

  async rotateExternalId({ organisationId, by, step }: RotateExternalId): Promise<ExternalIds> {
    const { nextExternalId: next } = await this.find(organisationId);
    const stillNeeding = step === 'FINISH' && next !== null ? await this.o.rolesRefusing(organisationId, next) : [];
    const fresh = `aud_ext_${base62(randomBytes(20), 20)}`;
    const at = this.o.now().toISOString();
    const { state } = await this.decideOn(organisationId, (current) =>
      decideRotation(known(current), step, { at, by, fresh, stillNeeding }),
    );
    const { externalId, nextExternalId, retiredExternalId } = known(state);
    return { externalId: externalId as string, nextExternalId, retiredExternalId };
  }

  private async find(organisationId: OrganisationId): Promise<Organisation> {
    const stream = ledgerStreams.organisation(organisationId);
    return known((await load(this.o.ledger, stream, organisationDecider)).state);
  }

  private async decideOn(id: OrganisationId, decide: (state: Organisation | null) => OrganisationEvent[]) {
    const stream = ledgerStreams.organisation(id);
    const decider = { ...organisationDecider, decide };
    const decided = await handle<Organisation | null, OrganisationEvent>(this.o.ledger, stream, decider);
    if (decided.events.length > 0) this.o.bus.hint(subjects.registryChanged(), { stream });
    return decided;
  }

  private bytesOf(text: string): Buffer {
    return createHmac('sha256', this.o.pepper).update(text).digest();
  }

  private keyHmac(key: string): string {
    return apiKeyHmac(this.o.pepper, key);
  }
}

/** How a key is stored: HMAC-SHA-256 under the pepper, in hex. The gateway computes the same. */
export const apiKeyHmac = (pepper: string, key: string): string =>
  createHmac('sha256', pepper).update(key).digest('hex');

function known(organisation: Organisation | null): Organisation {
  if (organisation === null) throw new Rejected('ORGANISATION_NOT_FOUND', 'There is no such organisation.');
  return organisation;
}

const organisationDecider = {
  initialState: null,
  decode: decodeRegistryEvent<OrganisationEvent>,
  encode: (event: OrganisationEvent) => jsonEvent(event.type, event.data),
  evolve: evolveOrganisation,
};
