import { equalBytes, Frontier, type Sha256, type VerifySignature } from '@audital/chain/check';
import type { OrganisationId } from '@audital/contracts';
import type { Memory } from './adapters/memory';
import type { StoredChain } from './adapters/stored-chain';
import type { VerifierIndex } from './adapters/verifier-index';
import { ChainPass, type PassResult } from './domain/chain-pass';
import { type Kept, originOf } from './domain/kept';

export interface VerifyPorts {
  stored: StoredChain;
  memory: Memory;
  index: VerifierIndex;
  sha256: Sha256;
  verify: VerifySignature;
  logOrigin: string;
  staleAfterMs: number;
  now: () => Date;
}

export interface PassOptions {
  /** From position 0; else from the kept checkpoint on (a log that is met for the first time is read whole either way). */
  isWhole: boolean;
  /** Called after each page. */
  rest: () => Promise<void>;
  signal: AbortSignal;
}

const LEAVES_AT_ONCE = 10_000;

/**
 * Reads a chain again and judges it. What holds is kept before anybody is told of it: a verifier that dies in between finds it again. Null: the
 * signal came first, and nothing is known. Throws Unavailable.
 */
export async function verifyChain(
  ports: VerifyPorts,
  organisationId: OrganisationId,
  o: PassOptions,
): Promise<PassResult | null> {
  const { stored, memory, index, sha256, verify } = ports;
  const kept = memory.get(organisationId);
  // The note first: the ledger holds what it signs before it holds the note.
  const note = await stored.newestNote(organisationId);
  const total = await stored.total(organisationId);
  const pass = new ChainPass(sha256, verify, {
    ...{ kept, note, total, isWhole: o.isWhole },
    origin: originOf(ports.logOrigin, organisationId),
    signedLeaf: (position) => index.leaf(organisationId, position),
    collectFrom: Math.min(index.size(organisationId), kept?.size ?? 0),
  });
  for await (const page of stored.pages(organisationId, pass.from)) {
    for (const record of page) pass.add(record);
    await o.rest();
    if (o.signal.aborted) return null;
  }
  const isDoubtful = kept !== null && pass.contradictsKept;
  const result = pass.finish({
    leavesAreSound: isDoubtful && (await leavesLeadTo(ports, organisationId, kept, o)),
    newestNote: await stored.newestNote(organisationId),
    nowMs: ports.now().getTime(),
    staleAfterMs: ports.staleAfterMs,
  });
  if (result.accepted) memory.keep(organisationId, result.accepted);
  // Dying here, the leaves are fewer than what is kept; the next whole pass gathers them.
  index.append(organisationId, result.leaves.from, result.leaves.upTo(result.holdsTo));
  return result;
}

/** Whether the remembered leaves are the ones that were signed. If not they tell nothing, and are gathered anew. */
async function leavesLeadTo(
  { index, sha256 }: VerifyPorts,
  organisationId: OrganisationId,
  kept: Kept,
  { rest }: PassOptions,
): Promise<boolean> {
  const tree = new Frontier(sha256);
  while (tree.size < kept.size) {
    const leaf = index.leaf(organisationId, tree.size);
    if (leaf === null) return false;
    tree.append(leaf);
    if (tree.size % LEAVES_AT_ONCE === 0) await rest();
  }
  if (equalBytes(tree.root(), kept.root)) return true;
  index.forgetLeaves(organisationId);
  return false;
}
