import type { OrganisationId } from '@audital/contracts';
import type { TrustKeeper } from '../adapters/trust-keeper';
import type { Pin } from '../domain/trust';
import { ApiError } from '../http/api-error';

/** The organisation's pinned key and kept checkpoint. Throws ApiError 404 before the first. */
export function keptPin(trust: TrustKeeper, organisationId: OrganisationId): Pin {
  const pin = trust.pin(organisationId);
  if (pin === null) throw new ApiError('LOG_NOT_STARTED', 'No checkpoint has been signed for your organisation yet.');
  return pin;
}

/** The keys that sign from now on: two of them during a rotation, oldest first. */
export const liveVkeys = ({ keys }: Pin): string[] =>
  keys.filter(({ retiredAt }) => retiredAt === null).map(({ vkey }) => vkey);
