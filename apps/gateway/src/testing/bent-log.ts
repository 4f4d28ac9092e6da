import { generateKeyPairSync } from 'node:crypto';
import { openCheckpoint, parseVkey } from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { ledgerStreams, type OrganisationId } from '@audital/contracts';
import { tempLedger } from '@audital/testing';
import { ChainBuilder } from './chain-builder';
import type { Harness } from './harness';
import type { BentLog } from './tamperings.spec-suite';

const FORGED_AT = 17;

/** Seals `count` events and their checkpoint, and beside them what somebody would need who bends the log. */
export async function bentLog(harness: Harness, organisationId: OrganisationId, count: number): Promise<BentLog> {
  const [own, attacker] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
  const sketches = (forgedAt: number | null) =>
    Array.from({ length: count - 1 }, (_, index) => ({
      payload: { run: index + 1 === forgedAt ? 'forged' : `scorer-${index}` },
    }));
  const original = new ChainBuilder(harness.ledger, organisationId, own);
  await original.seal(...sketches(null));
  const note = await original.checkpoint();
  const { root } = openCheckpoint(note, [parseVkey(sha256, original.vkeys[0] as string)], verifyEd25519);
  const streams = {
    chain: ledgerStreams.chain(organisationId),
    payloads: ledgerStreams.payload(organisationId, 0),
    checkpoints: ledgerStreams.checkpoint(organisationId),
  };
  const forge = async (keys: typeof own) => {
    const { ledger, remove } = await tempLedger();
    const chain = new ChainBuilder(ledger, organisationId, keys);
    await chain.seal(...sketches(FORGED_AT));
    const forged = {
      forgedAt: FORGED_AT,
      records: (await ledger.read(streams.chain)).map(({ data }) => data),
      payloads: (await ledger.read(streams.payloads)).map(({ data }) => data),
      note: Buffer.from(await chain.checkpoint()),
    };
    const ofOriginal = Buffer.from(await chain.checkpoint(root));
    await remove();
    return { forged, ofOriginal };
  };
  const [byOwn, byAttacker] = [await forge(own), await forge(attacker)];
  const forged = { own: byOwn.forged, attacker: byAttacker.forged };
  return { ...streams, count, forged, attackersNote: byAttacker.ofOriginal };
}
