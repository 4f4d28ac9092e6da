import { type ChainRecord, equalBytes, hashText, leafHash, parseRecord } from '@audital/chain/check';
import { treeRoot } from '@audital/chain/write';
import {
  Conflict,
  Corrupt,
  decodeJson,
  identityOf,
  ledgerStreams,
  LEDGER_TYPES,
  LIMITS,
  type EventId,
  type OrganisationId,
  type RecordMetadata,
} from '@audital/contracts';
import { jsonEvent, type Ledger, NO_STREAM, readAll, type StoredEvent, StreamDeleted } from '@audital/ledger';
import type { CheckpointStore, KeptCheckpoint } from './adapters/checkpoint-store';
import type { IdentityIndex, IndexEntry } from './adapters/identity-index';
import { type OrganisationKeys, sha256 } from './adapters/keys';
import { type ChainState, copyOf, emptyChain, grow } from './domain/chain-state';
import { Turns } from './turns';

export interface WriterPorts {
  ledger: Ledger;
  checkpoints: CheckpointStore;
  index: IdentityIndex;
  /** How long a ledger that reads shorter than its last checkpoint is read again before that counts (DESIGN §8.7); 0 for SQLite. */
  rollbackPatienceMs: number;
}

/** Why an organisation's chain takes nothing more (DESIGN §3): a person has to look. */
export class ChainStopped extends Corrupt {
  constructor(
    organisationId: OrganisationId,
    readonly reason: 'ROLLBACK' | 'FORK' | 'LOST_MEMORY' | 'ORIGIN_CHANGED',
    message: string,
  ) {
    super(ledgerStreams.chain(organisationId), null, `${reason}: ${message}`);
  }
}

export interface LoadedChain {
  state: ChainState;
  kept: KeptCheckpoint | null;
}

/**
 * Reads an organisation's chain up to its end, by the same code after a crash as at a first start: brings the index up to date, compares
 * the chain with the checkpoint store, completes the cursors that the last batch justifies, and finds the open payload segment.
 */
export async function loadChain(
  ports: WriterPorts,
  organisationId: OrganisationId,
  keys: OrganisationKeys,
): Promise<LoadedChain> {
  const kept = await ports.checkpoints.read(keys.origin);
  await refuseLostMemory(ports, organisationId, kept);
  let walked = await walk(ports, organisationId, keys, kept);
  // A server that has just started may show an older end for a while (DESIGN §8.7).
  for (
    const end = Date.now() + ports.rollbackPatienceMs;
    kept && walked.state.tree.size < kept.size && Date.now() < end;
  ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    walked = await walk(ports, organisationId, keys, kept);
  }
  if (kept) refuseRewritten(organisationId, walked, kept);
  const state = { ...walked.state, ...(await openSegment(ports.ledger, organisationId, walked.segment)) };
  await completeCursors(ports.ledger, organisationId, state.tree.size);
  return { state, kept };
}

const READ_TOGETHER = 250;
const INDEXED_TOGETHER = 250;

interface Walked {
  state: ChainState;
  /** The root at the kept checkpoint's size, when the chain reaches it. */
  keptRoot: Uint8Array | null;
  segment: number;
}

async function walk(
  ports: WriterPorts,
  organisationId: OrganisationId,
  keys: OrganisationKeys,
  kept: KeptCheckpoint | null,
): Promise<Walked> {
  const stamp = await confirmedStamp(ports, organisationId, kept);
  if (!stamp) await ports.index.forget(organisationId);
  const state = copyOf(stamp ? { ...emptyChain, ...stamp } : emptyChain);
  let keptRoot = kept && state.tree.size === kept.size ? treeRoot(sha256, state.tree) : null;
  let segment = 0;
  const turns = new Turns();
  let fresh: IndexEntry[] = [];
  const flush = (): Promise<void> => {
    const entries = fresh;
    fresh = [];
    return ports.index.add(organisationId, entries);
  };
  // From one record before the stamp: it names the segment that was open.
  const from = Math.max(state.tree.size - 1, 0);
  for await (const stored of readAll(ports.ledger, ledgerStreams.chain(organisationId), from, READ_TOGETHER)) {
    segment = decodeJson<RecordMetadata>(stored.metadata).segment;
    if (stored.revision < state.tree.size) continue;
    const record = confirmed(stored, state, organisationId, keys);
    grow(sha256, state, record, leafHash(sha256, stored.data));
    const isLoss = record.eventType === 'EVIDENCE_LOST';
    fresh.push({ identity: identityOf(record.id as EventId), position: stored.revision, isLoss });
    if (record.eventType === 'PAYLOAD_REDACTED' && record.source === 'AUDITAL')
      ports.index.noteRedaction(organisationId, stored.revision);
    if (fresh.length >= INDEXED_TOGETHER) await flush();
    if (kept && state.tree.size === kept.size) keptRoot = treeRoot(sha256, state.tree);
    if (turns.isOver) await turns.pass();
  }
  await flush();
  return { state, keptRoot, segment };
}

/** The stamp, when the chain has at its place the very record that the stamp saw, and it is not beyond the kept checkpoint. */
async function confirmedStamp(
  ports: WriterPorts,
  organisationId: OrganisationId,
  kept: KeptCheckpoint | null,
): Promise<Pick<ChainState, 'tree' | 'head' | 'lastRecordedAt'> | null> {
  const stamp = ports.index.stamp(organisationId);
  if (!stamp || !kept || stamp.tree.size > kept.size || stamp.tree.size === 0) return null;
  const [last] = await ports.ledger.read(ledgerStreams.chain(organisationId), { from: stamp.tree.size - 1, limit: 1 });
  return last && hashText(leafHash(sha256, last.data)) === stamp.head ? stamp : null;
}

/** Throws Corrupt for a record that does not follow the one before it. */
function confirmed(
  stored: StoredEvent,
  state: ChainState,
  organisationId: OrganisationId,
  keys: OrganisationKeys,
): ChainRecord {
  let record: ChainRecord;
  try {
    record = parseRecord(stored.data);
  } catch (error) {
    throw new Corrupt(stored.stream, stored.revision, `Position ${stored.revision} holds no valid record.`, {
      cause: error,
    });
  }
  if (record.chainPosition !== stored.revision || record.prevHash !== state.head) {
    throw new Corrupt(
      stored.stream,
      stored.revision,
      `Position ${stored.revision} does not follow the record before it.`,
    );
  }
  if (record.origin === keys.origin) return record;
  throw new ChainStopped(
    organisationId,
    'ORIGIN_CHANGED',
    `the chain was begun as ${record.origin}; LOG_ORIGIN now makes it ${keys.origin}. Set LOG_ORIGIN back.`,
  );
}

async function refuseLostMemory(
  ports: WriterPorts,
  organisationId: OrganisationId,
  kept: KeptCheckpoint | null,
): Promise<void> {
  if (kept !== null || (await ports.ledger.lastRevision(ledgerStreams.checkpoint(organisationId))) === NO_STREAM)
    return;
  throw new ChainStopped(
    organisationId,
    'LOST_MEMORY',
    'the checkpoint store is empty beside a chain that has checkpoints. Restore the store; nothing is signed until then.',
  );
}

function refuseRewritten(organisationId: OrganisationId, walked: Walked, kept: KeptCheckpoint): void {
  const { size } = walked.state.tree;
  if (size < kept.size) {
    throw new ChainStopped(
      organisationId,
      'ROLLBACK',
      `the ledger holds ${size} records, and ${kept.size} were signed for. Restore the newer ledger.`,
    );
  }
  if (walked.keptRoot && equalBytes(walked.keptRoot, kept.root)) return;
  throw new ChainStopped(
    organisationId,
    'FORK',
    `the first ${kept.size} records are not the ones that were signed for.`,
  );
}

/**
 * The first segment from `from` on that takes entries. Orphans (payloads whose records never came) count: nobody reads them, and their
 * places are never used again. A segment that was redacted is left for ever, and so is one that has a successor.
 */
export async function openSegment(
  ledger: Ledger,
  organisationId: OrganisationId,
  from: number,
): Promise<Pick<ChainState, 'segment' | 'segmentEntries'>> {
  const entriesOf = async (segment: number): Promise<number> => {
    try {
      return (await ledger.lastRevision(ledgerStreams.payload(organisationId, segment))) + 1;
    } catch (error) {
      if (!(error instanceof StreamDeleted)) throw error;
      return LIMITS.segmentEntriesMax;
    }
  };
  for (let segment = from; ; segment += 1) {
    const segmentEntries = await entriesOf(segment);
    if (segmentEntries >= LIMITS.segmentEntriesMax || (await entriesOf(segment + 1)) > 0) continue;
    return { segment, segmentEntries };
  }
}

/**
 * DESIGN §8.3: the last batch is read back, and every cursor that it is ahead of is moved. Dying between two of them, or of the records and
 * the first, the next load does the same again.
 */
async function completeCursors(ledger: Ledger, organisationId: OrganisationId, size: number): Promise<void> {
  if (size === 0) return;
  const stream = ledgerStreams.chain(organisationId);
  const [last] = await ledger.read(stream, { from: size - 1, limit: 1 });
  const { batchStart } = decodeJson<RecordMetadata>((last as StoredEvent).metadata);
  const turns = new Turns();
  for await (const stored of readAll(ledger, stream, batchStart, READ_TOGETHER)) {
    for (const cursor of decodeJson<RecordMetadata>(stored.metadata).cursors ?? []) await moveCursor(ledger, cursor);
    if (turns.isOver) await turns.pass();
  }
}

/** A cursor that has moved on already is left where it is. */
async function moveCursor(
  ledger: Ledger,
  cursor: { stream: string; expectedRevision: number; event: unknown },
): Promise<void> {
  try {
    await ledger.append(cursor.stream, cursor.expectedRevision, [jsonEvent(LEDGER_TYPES.cursorMoved, cursor.event)]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
  }
}
