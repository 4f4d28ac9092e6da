import { hashText } from '@audital/chain/check';
import type { OrganisationId } from '@audital/contracts';
import { type Ledger, NO_STREAM } from '@audital/ledger';
import type { IdentityIndex } from './adapters/identity-index';
import { sha256 } from './adapters/keys';
import type { Identity } from './domain/identity';
import { factsOf, type SealContext, type SealInput } from './domain/seal-batch';
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
  const anyLoss = index.anyLoss(organisationId);
  const known = new Map<string, number | null>();
  let asked: string[] = [];
  const ask = (): void => {
    const found = index.findAll(organisationId, asked);
    for (const one of asked) known.set(one, found.get(one) ?? null);
    asked = [];
  };
  for (const input of inputs) {
    for (const fact of factsOf(input, anyLoss)) asked.push(identity.of(fact));
    if (asked.length < TOGETHER) continue;
    ask();
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

export type Fences = Pick<SealContext, 'revisions' | 'moves'>;

/** What the fences of these inputs are compared with: where their streams end, and what the cursors' last moves were (DESIGN §8.2). */
export async function fencesOf(ledger: Ledger, inputs: SealInput[]): Promise<Fences> {
  const parts = inputs.flatMap(({ kind, request }) => (kind === 'seal' && request.cursor ? [request] : []));
  const integrations = new Set(parts.map(({ integrationId }) => `integration-${integrationId}`));
  const cursors = new Set(parts.map(({ cursor }) => cursor?.stream as string));
  const revisions = new Map<string, number>();
  const moves = new Map<string, string>();
  const lookAt = async (stream: string): Promise<void> => void revisions.set(stream, await ledger.lastRevision(stream));
  const read = async (stream: string): Promise<void> => {
    const [last] = await ledger.read(stream, { direction: 'backwards', limit: 1 });
    revisions.set(stream, last?.revision ?? NO_STREAM);
    if (last) moves.set(stream, hashText(sha256(last.data)));
  };
  await Promise.all([...[...integrations].map(lookAt), ...[...cursors].map(read)]);
  return { revisions, moves };
}
