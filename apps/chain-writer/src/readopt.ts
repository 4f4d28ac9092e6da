import {
  ChainWalk,
  equalBytes,
  type Finding,
  fromUtf8,
  InvalidNote,
  isKeyChange,
  openCheckpoint,
  parseVkey,
  unsignedCheckpoint,
} from '@audital/chain/check';
import {
  type EventId,
  facts,
  identityOf,
  ledgerStreams,
  type Observation,
  type OrganisationId,
  type ReadoptRequest,
  Rejected,
  Unavailable,
} from '@audital/contracts';
import { type Ledger, readAll, StoredEvents } from '@audital/ledger';
import type { KeptCheckpoint } from './adapters/checkpoint-store';
import { type OrganisationKeys, sha256, type SigningKey, verifyEd25519 } from './adapters/keys';
import type { Identity } from './domain/identity';
import { ChainStopped, type WriterPorts } from './load-chain';
import { SigningKeys } from './signing-keys';
import { Turns } from './turns';

interface Signed extends KeptCheckpoint {
  keyId: Uint8Array;
}

/**
 * What a checkpoint store that was lost may hold again: the newest checkpoint of the ledger, after every record, payload, link and signed
 * checkpoint there has been verified. Throws Rejected, with the first thing that is wrong.
 *
 * Whoever rolled back the ledger and emptied the store passes this check; only a checkpoint that was kept elsewhere finds that out.
 */
async function readoptable(
  ledger: Ledger,
  organisationId: OrganisationId,
  o: { keys: OrganisationKeys; identity: Identity; knownCheckpoint: string | null },
): Promise<Signed> {
  const notes: { note: string; what: string }[] = [];
  for await (const { data, revision } of readAll(ledger, ledgerStreams.checkpoint(organisationId)))
    notes.push({ note: fromUtf8(data), what: `The published checkpoint ${revision}` });
  if (notes.length === 0)
    throw new Rejected('NOTHING_TO_READOPT', 'The ledger holds no signed checkpoint of this organisation.');
  const elsewhere = { note: o.knownCheckpoint ?? '', what: 'The checkpoint kept elsewhere' };
  const all = o.knownCheckpoint === null ? notes : [elsewhere, ...notes];
  const sizes = new Set(all.map(({ note }) => unsignedCheckpoint(note)?.size ?? 0));
  const { roots, keyChanges } = await verified(ledger, organisationId, sizes);
  // Not by the index, which may be behind or lost with the store: which keys signed, the walked chain says.
  const signing = new SigningKeys(o.keys, (fact) => keyChanges.get(o.identity.of(fact)) ?? null);
  const opened = all.map(({ note, what }) => signed(note, (size) => signing.at(size), what));
  const published = opened.slice(all.length - notes.length);
  const newest = published.toSorted((a, b) => a.size - b.size).at(-1) as Signed;
  for (const { size, root } of opened) {
    const own = roots.get(size);
    if (!own)
      throw new Rejected(
        'CHAIN_SHORTER_THAN_SIGNED',
        `The ledger does not reach the signed checkpoint of ${size} records. Restore the newer ledger.`,
      );
    if (!equalBytes(own, root))
      throw new Rejected('CHAIN_NOT_AS_SIGNED', `The first ${size} records are not the ones that were signed for.`);
  }
  return newest;
}

function signed(note: string, keysAt: (size: number) => SigningKey[], what: string): Signed {
  try {
    const keys = keysAt(unsignedCheckpoint(note)?.size ?? 0).map(({ vkey }) => parseVkey(sha256, vkey));
    const { size, root, keys: by } = openCheckpoint(note, keys, verifyEd25519);
    return { size, root, note, keyId: (by[0] as (typeof by)[number]).keyId };
  } catch (error) {
    if (!(error instanceof InvalidNote)) throw error;
    throw new Rejected('CHECKPOINT_NOT_OURS', `${what} is not signed by this chain's key: ${error.message}`);
  }
}

/** Walks the whole chain, payloads included: the roots at these sizes, and where the events stand that change keys, by their identity. */
async function verified(
  ledger: Ledger,
  organisationId: OrganisationId,
  sizes: Set<number>,
): Promise<{ roots: Map<number, Uint8Array>; keyChanges: Map<string, number> }> {
  const walk = new ChainWalk(sha256);
  const events = new StoredEvents(ledger);
  const roots = new Map<number, Uint8Array>();
  const keyChanges = new Map<string, number>();
  const turns = new Turns();
  for await (const stored of readAll(ledger, ledgerStreams.chain(organisationId))) {
    const found = await events.payload(organisationId, stored);
    const payload = found.state === 'PRESENT' ? found : null;
    const record = walk.add({ chainPosition: stored.revision, record: stored.data, payload });
    if (record && isKeyChange(record)) keyChanges.set(identityOf(record.id as EventId), stored.revision);
    if (sizes.has(walk.size)) roots.set(walk.size, walk.root());
    if (turns.isOver) await turns.pass();
  }
  const wrong = walk.finish().find(({ kind }: Finding) => kind !== 'REDACTED');
  if (wrong) throw new Rejected('CHAIN_NOT_VERIFIED', `${wrong.kind} at position ${wrong.position}: ${wrong.message}`);
  return { roots, keyChanges };
}

/**
 * Gives a checkpoint store that was lost what it held, after the whole chain was verified (DESIGN §3). Dying before the swap, nothing has
 * happened; after it the chain goes on, and the same request comes here again. Throws Rejected, Unavailable.
 */
export async function readopt(
  ports: Pick<WriterPorts, 'ledger' | 'checkpoints'>,
  request: ReadoptRequest,
  o: { keys: OrganisationKeys; identity: Identity; stopped: Error | null },
): Promise<{ newest: Signed; kept: KeptCheckpoint }> {
  checkRequest(request);
  const isLost = o.stopped instanceof ChainStopped && o.stopped.reason === 'LOST_MEMORY';
  if (o.stopped && !isLost)
    throw new Rejected('NOT_LOST_MEMORY', `Only LOST_MEMORY ends this way. ${o.stopped.message}`);
  const { organisationId, knownCheckpoint } = request;
  const newest = await readoptable(ports.ledger, organisationId, { ...o, knownCheckpoint });
  const kept = await ports.checkpoints.read(o.keys.origin);
  if (kept === null && !(await ports.checkpoints.swap(o.keys.origin, null, newest)))
    throw new Unavailable('checkpoint-store', 'Somebody else wrote the checkpoint store at the same time.');
  return { newest, kept: kept ?? newest };
}

/** What the chain keeps of the decision. */
export function readoption(request: ReadoptRequest, { size, note }: KeptCheckpoint, now: string): Observation {
  const { requestId, by, reason, knownCheckpoint } = request;
  return {
    fact: facts.readopted(requestId),
    eventType: 'CONFIG_CHANGE',
    source: 'AUDITAL',
    severity: 'HIGH',
    timestamp: now,
    observedAt: now,
    captureMode: 'API',
    actor: { type: 'USER', id: by },
    integrationId: null,
    payload: { change: 'CHECKPOINT_STORE_READOPTED', requestId, reason, size, note, knownCheckpoint },
    tags: [],
  };
}

function checkRequest(request: ReadoptRequest): void {
  const isText = (value: unknown, max: number): boolean =>
    typeof value === 'string' && value.trim() !== '' && value.length <= max && value.isWellFormed();
  if (!isText(request.requestId, 128) || !isText(request.by, 256) || !isText(request.reason, 2_000))
    throw new Rejected('READOPT_INVALID', 'A readoption names its requestId, by whom it was decided and a reason.');
  const { knownCheckpoint } = request;
  if (knownCheckpoint !== null && !isText(knownCheckpoint, 64 * 1024))
    throw new Rejected('READOPT_INVALID', 'knownCheckpoint is the text of a signed checkpoint, or null.');
}
