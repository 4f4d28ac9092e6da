import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  type Actor,
  type ApiKey,
  ledgerStreams,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
  parseApiKey,
  type Scope,
} from '@audital/contracts';
import { ApiError } from '../http/api-error';
import type { CategoryView } from './category-view';

/** Who asks, as far as the key says. */
export interface Caller {
  /** The one the key acts on: the live organisation, or its sandbox. */
  organisation: Organisation;
  keyId: string;
  scopes: readonly Scope[];
  actor: Actor;
}

interface Holder {
  organisationId: OrganisationId;
  key: ApiKey;
}

/** API keys, as the `organisation-` streams have them: of each only an HMAC under the pepper is known. */
export class Authenticator {
  private readonly holders = new Map<string, Holder>();

  constructor(
    private readonly organisations: CategoryView<Organisation, OrganisationEvent>,
    private readonly pepper: string,
  ) {}

  /** To be called with every organisation that changed. */
  learn({ organisationId, keys }: Organisation): void {
    for (const key of keys) this.holders.set(key.hmac, { organisationId, key });
  }

  /** Throws ApiError 401. A key that is not known sends it to the ledger's end once: it may have been made a moment ago. */
  async authenticate(authorization: string | undefined): Promise<Caller> {
    const text = bearer(authorization);
    const parsed = parseApiKey(text);
    if (parsed === null) {
      throw new ApiError(
        'KEY_MALFORMED',
        'The API key has the wrong form or a wrong checksum: a character is missing or was mistyped.',
      );
    }
    const hmac = createHmac('sha256', this.pepper).update(text).digest('hex');
    let holder = this.find(hmac);
    if (holder === null) {
      await this.organisations.catchUp();
      holder = this.find(hmac);
    }
    if (holder === null) throw new ApiError('KEY_UNKNOWN', 'The API key is well formed, but it was never issued here.');
    if (holder.key.revokedAt !== null)
      throw new ApiError('KEY_REVOKED', `The API key was revoked at ${holder.key.revokedAt}.`);
    return this.caller(holder);
  }

  /** The map is asked by a keyed hash, which tells a guesser nothing; the comparison that counts takes the same time whatever it finds. */
  private find(hmac: string): Holder | null {
    const holder = this.holders.get(hmac);
    if (holder === undefined) return null;
    return timingSafeEqual(Buffer.from(holder.key.hmac, 'hex'), Buffer.from(hmac, 'hex')) ? holder : null;
  }

  /** A live key acts on the live organisation, a test key on its sandbox, whichever of the two streams it stands in. */
  private caller({ organisationId, key }: Holder): Caller {
    const owner = this.organisations.get(ledgerStreams.organisation(organisationId));
    const kind = key.prefix === 'ak_test_' ? 'SANDBOX' : 'LIVE';
    const organisation =
      owner?.kind === kind ? owner : owner && this.organisations.get(ledgerStreams.organisation(owner.siblingId));
    if (!organisation)
      throw new ApiError('ORGANISATION_NOT_FOUND', 'The organisation that this key acts on is not known yet.');
    return { organisation, keyId: key.keyId, scopes: key.scopes, actor: { type: 'API_KEY', id: key.keyId } };
  }
}

function bearer(authorization: string | undefined): string {
  const found = /^Bearer +(\S+)$/i.exec(authorization?.trim() ?? '');
  if (found) return found[1] as string;
  throw new ApiError('KEY_MISSING', 'Send the API key as `Authorization: Bearer ak_live_…`.');
}
