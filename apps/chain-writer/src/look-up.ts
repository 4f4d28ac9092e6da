import type { OrganisationId } from '@audital/contracts';
import type { IdentityIndex } from './adapters/identity-index';
import type { Identity } from './domain/identity';
import { factsOf, type SealInput } from './domain/seal-batch';

/** Where the facts of a batch stand in the chain, looked up together; what else is asked for is looked up then, and once. */
export function lookUp(
  index: IdentityIndex,
  organisationId: OrganisationId,
  identity: Identity,
  inputs: SealInput[],
): (identity: string) => number | null {
  const asked = inputs.flatMap(factsOf).map((fact) => identity.of(fact));
  const found = index.findAll(organisationId, asked);
  const seen = new Map<string, number | null>(asked.map((one) => [one, found.get(one) ?? null]));
  return (one) => {
    const position = seen.get(one);
    if (position !== undefined) return position;
    const late = index.find(organisationId, one);
    seen.set(one, late);
    return late;
  };
}
