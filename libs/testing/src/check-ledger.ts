import { ChainWalk, equalBytes, KeyRing } from '@audital/chain/check';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { type EventId, identityOf, ledgerStreams, type OrganisationId } from '@audital/contracts';
import { type Ledger, readAll, StoredEvents } from '@audital/ledger';

export interface CheckedLedger {
  organisations: number;
  events: number;
  checkpoints: number;
}

/**
 * The outside auditor: walks every chain from its first byte, with the checker's code only. Links, payloads and the tree hold; every
 * checkpoint ever published fits the tree (so all are consistent pairwise) and is signed by every key that the chain has live there, and by no
 * other; no fact stands twice. Throws with position and reason.
 */
export async function checkLedger(ledger: Ledger): Promise<CheckedLedger> {
  const chains = await streamsOf(ledger, 'chain-');
  const result: CheckedLedger = { organisations: 0, events: 0, checkpoints: 0 };
  for (const stream of chains) {
    const organisationId = stream.slice('chain-'.length) as OrganisationId;
    const checked = await checkChain(ledger, organisationId);
    result.organisations += 1;
    result.events += checked.events;
    result.checkpoints += checked.checkpoints;
  }
  return result;
}

async function streamsOf(ledger: Ledger, category: string): Promise<Set<string>> {
  const streams = new Set<string>();
  const ended = new AbortController();
  await ledger.follow({ category, afterPosition: null }, ({ stream }) => void streams.add(stream), {
    signal: ended.signal,
    onCaughtUp: () => ended.abort(),
  });
  return streams;
}

async function checkChain(
  ledger: Ledger,
  organisationId: OrganisationId,
): Promise<{ events: number; checkpoints: number }> {
  const walk = new ChainWalk(sha256);
  const events = new StoredEvents(ledger);
  const roots: Uint8Array[] = [];
  const identities = new Map<string, number>();
  const ring = new KeyRing(sha256, verifyEd25519, []);
  /** Where each key begins to sign. */
  const addedAt = new Map<string, number>();
  for await (const stored of readAll(ledger, ledgerStreams.chain(organisationId))) {
    const found = await events.payload(organisationId, stored);
    const payload = found.state === 'PRESENT' ? found : null;
    const record = walk.add({ chainPosition: stored.revision, record: stored.data, payload });
    roots.push(walk.root());
    if (!record) continue;
    if (stored.revision === 0 && payload)
      ring.trust((JSON.parse(new TextDecoder().decode(payload.bytes)) as { vkey: string }).vkey);
    else if (payload) ring.learn(record, payload);
    for (const { vkey } of ring.keys) if (!addedAt.has(vkey)) addedAt.set(vkey, stored.revision);
    const identity = identityOf(record.id as EventId);
    const before = identities.get(identity);
    if (before !== undefined)
      throw new Error(`${organisationId}: positions ${before} and ${stored.revision} hold the same fact.`);
    identities.set(identity, stored.revision);
  }
  const wrong = walk.finish().filter(({ kind }) => kind !== 'REDACTED');
  if (wrong.length > 0)
    throw new Error(
      `${organisationId}: ${wrong.map(({ kind, position, message }) => `${kind} at ${position}: ${message}`).join(' ')}`,
    );
  return { events: walk.size, checkpoints: await checkCheckpoints(ledger, organisationId, { roots, ring, addedAt }) };
}

async function checkCheckpoints(
  ledger: Ledger,
  organisationId: OrganisationId,
  { roots, ring, addedAt }: { roots: Uint8Array[]; ring: KeyRing; addedAt: Map<string, number> },
): Promise<number> {
  let count = 0;
  for await (const stored of readAll(ledger, ledgerStreams.checkpoint(organisationId))) {
    const { size, root, keys } = ring.openCheckpoint(new TextDecoder().decode(stored.data));
    const live = ring.keys.filter(
      ({ vkey, retiredAt }) => (addedAt.get(vkey) ?? 0) < size && (retiredAt === null || size <= retiredAt),
    );
    const [by, due] = [keys, live].map((some) => some.map(({ vkey }) => vkey).join(', '));
    if (by !== due)
      throw new Error(`${organisationId}: the checkpoint of ${size} records is signed by ${by}, not by ${due}.`);
    const own = roots[size - 1];
    if (!own)
      throw new Error(
        `${organisationId}: a checkpoint of ${size} records was published, and the chain has ${roots.length}.`,
      );
    if (!equalBytes(own, root))
      throw new Error(`${organisationId}: the checkpoint of ${size} records has another root than the chain.`);
    count += 1;
  }
  return count;
}
