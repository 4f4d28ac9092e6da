import { Corrupt, encodeJson, LEDGER_TYPES, ledgerStreams, type OrganisationId, SALT_BYTES } from '@audital/contracts';
import { binaryEvent, type Ledger, type NewEvent, readAll, type StoredEvent, StreamDeleted } from '@audital/ledger';
import { appendSurely } from './chain-store';

const GENERATIONS_MAX = 1000;
/** Of 256 KiB at most: a page is 8 MiB at most. */
const READ_TOGETHER = 32;
const APPEND_BYTES_MAX = 800 * 1024;

const isBlank = ({ data }: Pick<StoredEvent, 'data'>): boolean => data.length <= SALT_BYTES;

/**
 * Makes a segment lose the entries at `revisions`, by a next generation without them (DESIGN §3). The segment is one that nobody appends to
 * any more. Dying at any point leaves the old generation whole until its copy is whole, and the same call finishes it: what the copy
 * holds already is kept, and compared again. Two that do so at once write the same bytes, or one meets a Conflict and begins again.
 */
export async function eraseEntries(
  ledger: Ledger,
  organisationId: OrganisationId,
  segment: number,
  revisions: ReadonlySet<number>,
): Promise<void> {
  for (;;) {
    const generation = await currentGeneration(ledger, organisationId, segment);
    const source = ledgerStreams.payload(organisationId, segment, generation);
    const { left, survivors } = await survey(ledger, source, revisions);
    if (left === 0) {
      // Dying after a tombstone, its bytes may still lie in the store's log: to delete it again is to look again.
      if (generation > 1) await ledger.tombstone(ledgerStreams.payload(organisationId, segment, generation - 1));
      return;
    }
    if (survivors > 0) {
      const copy = ledgerStreams.payload(organisationId, segment, generation + 1);
      // Dying in here, the copy is short; readers know only the old generation.
      await copyEntries(ledger, { source, copy, revisions });
      await compare(ledger, { source, copy, revisions });
    }
    // Dying here, both are whole, and readers read the old one. From the tombstone on they read the copy.
    await ledger.tombstone(source);
  }
}

/** Whether the payload at a revision of a segment is gone. */
export async function isGone(
  ledger: Ledger,
  organisationId: OrganisationId,
  at: { segment: number; revision: number },
): Promise<boolean> {
  const generation = await currentGeneration(ledger, organisationId, at.segment);
  const stream = ledgerStreams.payload(organisationId, at.segment, generation);
  const [entry] = await ledger.read(stream, { from: at.revision, limit: 1 });
  return !entry || entry.revision !== at.revision || isBlank(entry);
}

/** The first generation that was not deleted; it may have no entries, when none survived. */
async function currentGeneration(ledger: Ledger, organisationId: OrganisationId, segment: number): Promise<number> {
  for (let generation = 1; generation <= GENERATIONS_MAX; generation += 1) {
    try {
      await ledger.lastRevision(ledgerStreams.payload(organisationId, segment, generation));
      return generation;
    } catch (error) {
      if (!(error instanceof StreamDeleted)) throw error;
    }
  }
  throw new Corrupt(ledgerStreams.payload(organisationId, segment), null, 'The segment has no generation left.');
}

async function survey(
  ledger: Ledger,
  source: string,
  revisions: ReadonlySet<number>,
): Promise<{ left: number; survivors: number }> {
  let left = 0;
  let survivors = 0;
  for await (const entry of readAll(ledger, source, 0, READ_TOGETHER)) {
    if (isBlank(entry)) continue;
    if (revisions.has(entry.revision)) left += 1;
    else survivors += 1;
  }
  return { left, survivors };
}

interface Copy {
  source: string;
  copy: string;
  revisions: ReadonlySet<number>;
}

async function copyEntries(ledger: Ledger, { source, copy, revisions }: Copy): Promise<void> {
  let events: NewEvent[] = [];
  let bytes = 0;
  let revision = await ledger.lastRevision(copy);
  const flush = async (): Promise<void> => {
    if (events.length > 0) await appendSurely(ledger, [{ stream: copy, expectedRevision: revision, events }]);
    revision += events.length;
    events = [];
    bytes = 0;
  };
  for await (const entry of readAll(ledger, source, revision + 1, READ_TOGETHER)) {
    if (bytes + entry.data.length > APPEND_BYTES_MAX) await flush();
    events.push(revisions.has(entry.revision) || isBlank(entry) ? blank(entry.revision) : entryOf(entry));
    bytes += entry.data.length;
  }
  await flush();
}

const entryOf = ({ id, type, data, metadata }: StoredEvent): NewEvent => ({ id, type, data, metadata });

/** Its revision is in the metadata, so that no two have the same bytes (DESIGN §8.1). */
const blank = (revision: number): NewEvent =>
  binaryEvent(LEDGER_TYPES.payload, new Uint8Array(0), encodeJson({ redacted: revision }));

/**
 * Both are read again: the copy has every entry of the source byte for byte, but those that are to go or are gone. One that is to go may
 * still be in a copy that another redaction began; the next generation is without it.
 */
async function compare(ledger: Ledger, { source, copy, revisions }: Copy): Promise<void> {
  const copied = readAll(ledger, copy, 0, READ_TOGETHER);
  for await (const entry of readAll(ledger, source, 0, READ_TOGETHER)) {
    const { value } = (await copied.next()) as { value: StoredEvent | undefined };
    if (value?.revision === entry.revision && isTrueCopy(entry, value, revisions.has(entry.revision))) continue;
    throw new Corrupt(copy, entry.revision, `Revision ${entry.revision} of ${copy} is not what ${source} holds.`);
  }
  const { value: more } = (await copied.next()) as { value: StoredEvent | undefined };
  if (more) throw new Corrupt(copy, more.revision, `${copy} holds more than ${source}.`);
}

function isTrueCopy(entry: StoredEvent, copied: StoredEvent, mayBeBlank: boolean): boolean {
  if (copied.type === entry.type && Buffer.compare(copied.data, entry.data) === 0) return true;
  return isBlank(copied) && (mayBeBlank || isBlank(entry));
}
