import type { OrganisationId } from '@audital/contracts';
import type { ChainIndex } from '../adapters/chain-index';
import { ApiError } from '../http/api-error';

/** Where an event stands in the organisation's own chain. Throws ApiError 404: what others have does not exist here. */
export function positionOf(index: ChainIndex, organisationId: OrganisationId, id: string): number {
  const position = index.positionOf(organisationId, id);
  if (position === null) throw new ApiError('EVENT_NOT_FOUND', `Your organisation has no event ${id.slice(0, 64)}.`);
  return position;
}
