import { encodeJson } from '@audital/contracts';
import { binaryEvent, type EventData, type Position, type RecordedEvent } from '@eventstore/db-client';
import type { NewEvent, StoredEvent } from './ledger';

/**
 * In front of every metadata that is stored: the client parses metadata that look like JSON, whatever they were, and the bytes would be
 * lost. Nothing that begins with a zero byte is JSON.
 */
const METADATA_MARK = 0;

/** Both byte strings are copied: the client takes a Buffer for an object, and writes its JSON. */
export function toEventData(event: NewEvent): EventData {
  const { id, type } = event;
  const metadata = new Uint8Array(event.metadata.length === 0 ? 0 : event.metadata.length + 1);
  if (metadata.length > 0) metadata.set(event.metadata, 1);
  return binaryEvent({ id, type, data: Uint8Array.from(event.data), metadata });
}

export function toStoredEvent(event: RecordedEvent): StoredEvent {
  return {
    stream: event.streamId,
    revision: Number(event.revision),
    id: event.id,
    type: event.type,
    data: bytesOf(event.data),
    metadata: metadataOf(event.metadata),
    position: formatPosition((event as { position?: Position }).position),
  };
}

/** Commit and prepare position. A server that names none (older than 21.10) is not one that we follow. */
function formatPosition(position: Position | undefined): string {
  if (!position) throw new Error('The EventStoreDB names no position of an event: Audital needs 24.10.');
  return `${position.commit}/${position.prepare}`;
}

export function parsePosition(text: string): Position {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (!match) throw new RangeError(`${JSON.stringify(text)} is no position of an EventStoreDB.`);
  return { commit: BigInt(match[1] as string), prepare: BigInt(match[2] as string) };
}

function metadataOf(metadata: unknown): Uint8Array {
  if (metadata instanceof Uint8Array && metadata[0] === METADATA_MARK) return metadata.subarray(1);
  return metadata === undefined ? new Uint8Array(0) : bytesOf(metadata);
}

/** JSON in here was written by somebody else: whoever checks the chain finds that the bytes are wrong. */
function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : encodeJson(value);
}
