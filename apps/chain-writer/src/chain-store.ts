import { utf8 } from '@audital/chain/write';
import { ledgerStreams, LEDGER_TYPES, type OrganisationId, Unavailable } from '@audital/contracts';
import { appendInOrder, eventIdOf, jsonEvent, type Ledger, type NewEvent, type StreamAppend } from '@audital/ledger';
import type { SealedBatch } from './domain/seal-batch';

const APPEND_BYTES_MAX = 800 * 1024;
const RETRIES = 3;

/** An append of unknown outcome is sent again with the identical bytes: stored or not, it then stands once (DESIGN §8.1). */
export async function appendSurely(ledger: Ledger, appends: StreamAppend[]): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await appendInOrder(ledger, appends);
      return;
    } catch (error) {
      if (!(error instanceof Unavailable) || tried === RETRIES) throw error;
    }
  }
}

/**
 * Payload before record, record before cursor (DESIGN §8.6). When it returns, all of the batch survives a crash of the machine. In a store
 * that appends together, dying in here leaves all or nothing; in others, what stands between the appends below.
 */
export async function storeBatch(ledger: Ledger, organisationId: OrganisationId, sealed: SealedBatch): Promise<void> {
  await appendSurely(ledger, [
    ...payloadAppends(organisationId, sealed),
    // Dying here leaves payloads without records: orphans that nobody reads, and whose places are counted as used.
    ...recordAppends(organisationId, sealed),
    // Dying here leaves the chain ahead of its cursors: the next load completes them from the records' metadata (DESIGN §8.3).
    ...cursorAppends(sealed),
  ]);
}

function recordAppends(organisationId: OrganisationId, { records }: SealedBatch): StreamAppend[] {
  const first = records[0];
  if (!first) return [];
  const events = records.map((record): NewEvent => {
    const metadata = utf8(JSON.stringify(record.metadata));
    return { id: eventIdOf(record.blockHash), type: LEDGER_TYPES.record, data: record.bytes, metadata };
  });
  return [{ stream: ledgerStreams.chain(organisationId), expectedRevision: first.position - 1, events }];
}

function cursorAppends({ cursors }: SealedBatch): StreamAppend[] {
  const appends = new Appends();
  for (const { stream, expectedRevision, event } of cursors)
    appends.add(stream, expectedRevision + 1, jsonEvent(LEDGER_TYPES.cursorMoved, event));
  return appends.all;
}

const NO_METADATA = new Uint8Array(0);

/** Their ids come from their bytes too (DESIGN §8.1): the payload hash covers salt and payload. */
function payloadAppends(organisationId: OrganisationId, { records }: SealedBatch): StreamAppend[] {
  const appends = new Appends();
  for (const { payload } of records) {
    const stream = ledgerStreams.payload(organisationId, payload.segment);
    const id = eventIdOf(payload.hash);
    const event = { id, type: LEDGER_TYPES.payload, data: payload.data, metadata: NO_METADATA };
    appends.add(stream, payload.revision, event);
  }
  return appends.all;
}

/** Events that follow each other in one stream share an append, as far as it stays below what the store takes at once. */
class Appends {
  readonly all: StreamAppend[] = [];
  private bytes = 0;

  add(stream: string, revision: number, event: NewEvent): void {
    const open = this.all.at(-1);
    this.bytes += event.data.length;
    if (open?.stream === stream && this.bytes <= APPEND_BYTES_MAX) open.events.push(event);
    else {
      this.all.push({ stream, expectedRevision: revision - 1, events: [event] });
      this.bytes = event.data.length;
    }
  }
}
