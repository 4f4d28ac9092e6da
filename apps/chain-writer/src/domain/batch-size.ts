import type { SealInput } from './seal-batch';

/** The records of a batch are one append of at most 900 KiB (DESIGN §8.5). */
export const APPEND_BYTES_MAX = 880 * 1024;
/** So that a transaction stays short. */
export const PAYLOAD_BYTES_MAX = 4 * 1024 * 1024;
/** Of a record, without cursors. */
export const METADATA_BYTES = 100;
/** A record with its metadata, without actor and tags. */
const RECORD_BYTES = 1100;
/** A character of a JSON text has at most six bytes. */
const BYTES_PER_CHARACTER = 6;

/** More than the records of an input and their metadata can have. What is malformed becomes EVIDENCE_LOST, which is small. */
export function recordBytesOf({ kind, request }: SealInput): number {
  const drafts = kind === 'seal' ? request.observations : [request];
  const changes = kind === 'seal' && request.cursor ? changesBytesOf(request.cursor) : 0;
  return drafts.reduce((sum, { actor, tags }) => {
    const inTags = Array.isArray(tags) ? tags.reduce((all, tag) => all + (tag?.length ?? 0), 0) : 0;
    const characters = (actor?.type?.length ?? 0) + (actor?.id?.length ?? 0) + inTags;
    // A model that is new has a record of its own.
    return sum + 2 * RECORD_BYTES + characters * BYTES_PER_CHARACTER;
  }, changes);
}

/** More than a cursor's move has as JSON in UTF-8. */
export const changesBytesOf = (move: object): number => JSON.stringify(move).length * BYTES_PER_CHARACTER;
