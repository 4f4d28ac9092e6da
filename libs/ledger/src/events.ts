import { createHash } from 'node:crypto';
import { encodeJson } from '@audital/contracts';
import type { Ledger, NewEvent, StoredEvent, StreamAppend } from './ledger';

/** The UUID text of the first 128 bits of a SHA-256 (DESIGN §8.1). */
export function eventIdOf(sha256: Uint8Array): string {
  const hex = (Buffer.isBuffer(sha256) ? sha256 : Buffer.from(sha256)).toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** An event of plain JSON, its id from all of its bytes. */
export function jsonEvent(type: string, data: unknown, metadata?: unknown): NewEvent {
  return binaryEvent(type, encodeJson(data), metadata === undefined ? new Uint8Array(0) : encodeJson(metadata));
}

export function binaryEvent(type: string, data: Uint8Array, metadata: Uint8Array = new Uint8Array(0)): NewEvent {
  const hash = createHash('sha256').update(`${type}\n`).update(data).update('\n').update(metadata).digest();
  return { id: eventIdOf(hash), type, data, metadata };
}

/**
 * Makes all the appends durable, each before the next: in one transaction where the store has one, so that a batch costs one fsync. When it
 * fails, any number of the first may stand; the identical list again completes it (DESIGN §8.1).
 */
export async function appendInOrder(ledger: Ledger, appends: StreamAppend[]): Promise<void> {
  if (ledger.appendTogether) return ledger.appendTogether(appends);
  for (const { stream, expectedRevision, events } of appends) await ledger.append(stream, expectedRevision, events);
}

const PAGE = 1000;

/** A whole stream, in pages of at most 1000: a store on this machine holds the event loop for the length of one. */
export async function* readAll(
  ledger: Ledger,
  stream: string,
  from = 0,
  pageEvents = PAGE,
): AsyncGenerator<StoredEvent> {
  let next = from;
  for (;;) {
    const page = await ledger.read(stream, { from: next, limit: pageEvents });
    yield* page;
    if (page.length < pageEvents) return;
    next = (page.at(-1) as StoredEvent).revision + 1;
  }
}
