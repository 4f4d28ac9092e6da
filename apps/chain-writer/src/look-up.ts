import type { OrganisationId } from '@audital/contracts';
import type { IdentityIndex } from './adapters/identity-index';
import type { Identity } from './domain/identity';
import { factsOf, type SealInput } from './domain/seal-batch';
import { Turns } from './turns';

const TOGETHER = 128;

/** Where the facts of a batch stand in the chain, looked up many at a time; what else is asked for is looked up then, and once. */
export async function lookUp(
  index: IdentityIndex,
  organisationId: OrganisationId,
  identity: Identity,
  inputs: SealInput[],
): Promise<(identity: string) => number | null> {
  const turns = new Turns();
  const known = new Map<string, number | null>();
  let asked: string[] = [];
  const ask = (): void => {
    const found = index.findAll(organisationId, asked);
    for (const one of asked) known.set(one, found.get(one) ?? null);
    asked = [];
  };
  for (const fact of inputs.flatMap(factsOf)) {
    asked.push(identity.of(fact));
    if (asked.length === TOGETHER) ask();
    if (turns.isOver) await turns.pass();
  }
  ask();
  return (one) => {
    const position = known.get(one);
    if (position !== undefined) return position;
    const late = index.find(organisationId, one);
    known.set(one, late);
    return late;
  };
}
