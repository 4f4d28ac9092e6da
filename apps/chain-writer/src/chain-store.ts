import { encodeJson, ledgerStreams, LEDGER_TYPES, type OrganisationId, Unavailable } from '@audital/contracts';
import { binaryEvent, eventIdOf, jsonEvent, type Ledger, type NewEvent } from '@audital/ledger';
import type { SealedBatch } from './domain/seal-batch';

const PAYLOAD_APPEND_BYTES_MAX = 800 * 1024;
const RETRIES = 3;

/** An append of unknown outcome is sent again with the identical bytes: stored or not, it then stands once (DESIGN §8.1). */
export async function appendSurely(
  ledger: Ledger,
  stream: string,
  expectedRevision: number,
  events: NewEvent[],
): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      await ledger.append(stream, expectedRevision, events);
      return;
    } catch (error) {
      if (!(error instanceof Unavailable) || tried === RETRIES) throw error;
    }
  }
}

/** Payload before record, record before cursor (DESIGN §8.6). When it returns, all of the batch survives a crash of the machine. */
export async function storeBatch(ledger: Ledger, organisationId: OrganisationId, sealed: SealedBatch): Promise<void> {
  for (const { stream, expectedRevision, events } of payloadAppends(organisationId, sealed))
    await appendSurely(ledger, stream, expectedRevision, events);
  // Dying here leaves payloads without records: orphans that nobody reads, and whose places are counted as used.
  const first = sealed.records[0];
  if (first) {
    const events = sealed.records.map((record): NewEvent => {
      const metadata = encodeJson(record.metadata);
      return { id: eventIdOf(record.blockHash), type: LEDGER_TYPES.record, data: record.bytes, metadata };
    });
    await appendSurely(ledger, ledgerStreams.chain(organisationId), first.position - 1, events);
  }
  // Dying here leaves the chain ahead of its cursors: the next load completes them from the records' metadata (DESIGN §8.3).
  for (const { stream, expectedRevision, event } of sealed.cursors)
    await appendSurely(ledger, stream, expectedRevision, [jsonEvent(LEDGER_TYPES.cursorMoved, event)]);
}

/** Payloads by segment, cut so that each append fits. */
function payloadAppends(
  organisationId: OrganisationId,
  sealed: SealedBatch,
): { stream: string; expectedRevision: number; events: NewEvent[] }[] {
  const appends: { stream: string; expectedRevision: number; events: NewEvent[]; bytes: number }[] = [];
  for (const { payload } of sealed.records) {
    const stream = ledgerStreams.payload(organisationId, payload.segment);
    const open = appends.at(-1);
    const event = binaryEvent(LEDGER_TYPES.payload, payload.data);
    if (open?.stream === stream && open.bytes + payload.data.length <= PAYLOAD_APPEND_BYTES_MAX) {
      open.events.push(event);
      open.bytes += payload.data.length;
    } else {
      appends.push({ stream, expectedRevision: payload.revision - 1, events: [event], bytes: payload.data.length });
    }
  }
  return appends;
}
