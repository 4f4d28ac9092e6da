import {
  type CreateApiKey,
  type CreateApiKeyReply,
  type ExternalIds,
  ledgerStreams,
  type Organisation,
  type OrganisationEvent,
  type RevokeApiKey,
  type RotateExternalId,
  subjects,
} from '@audital/contracts';
import type { Bus } from '@audital/messaging';
import { type ApiKeyView, apiKeyView } from '../domain/api-key-view';
import type { Caller } from './authenticator';
import type { CategoryView } from './category-view';

/** Every role that is polled is tested before an external id is retired. */
const ROTATION_TIMEOUT_MS = 65_000;

export interface OrganisationsOptions {
  bus: Pick<Bus, 'ask'>;
  view: CategoryView<Organisation, OrganisationEvent>;
}

/** Keys and external ids as an organisation sees its own: asked for at the registry, read from the ledger. */
export class Organisations {
  constructor(private readonly o: OrganisationsOptions) {}

  /** Oldest first, revoked ones too. A live organisation sees the keys of its sandbox. */
  async keys({ organisation }: Caller): Promise<ApiKeyView[]> {
    await this.o.view.catchUp();
    const ids = [organisation.organisationId, ...(organisation.kind === 'LIVE' ? [organisation.siblingId] : [])];
    const keys = ids.flatMap((id) => this.o.view.get(ledgerStreams.organisation(id))?.keys ?? []);
    return keys.map(apiKeyView).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async createKey(
    caller: Caller,
    o: Pick<CreateApiKey, 'prefix' | 'label' | 'scopes' | 'idempotencyKey'>,
  ): Promise<{ key: ApiKeyView; text: string | null }> {
    const { organisationId } = caller.organisation;
    const request: CreateApiKey = { organisationId, by: caller.actor, holderScopes: caller.scopes, ...o };
    const { key, text } = await this.o.bus.ask<CreateApiKeyReply>(subjects.askRegistry('create-key'), request);
    await this.o.view.catchUp();
    return { key: apiKeyView(key), text };
  }

  async revokeKey(caller: Caller, keyId: string): Promise<void> {
    const { organisationId } = caller.organisation;
    const request: RevokeApiKey = { organisationId, by: caller.actor, keyId };
    await this.o.bus.ask(subjects.askRegistry('revoke-key'), request);
    // The very next request with it is refused.
    await this.o.view.catchUp();
  }

  async rotateExternalId(caller: Caller, step: RotateExternalId['step']): Promise<ExternalIds> {
    const { organisationId } = caller.organisation;
    const request: RotateExternalId = { organisationId, by: caller.actor, step };
    const options = { timeoutMs: ROTATION_TIMEOUT_MS };
    const ids = await this.o.bus.ask<ExternalIds>(subjects.askRegistry('rotate-external-id'), request, options);
    await this.o.view.catchUp();
    return ids;
  }
}
