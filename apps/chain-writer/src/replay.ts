import { equalBytes, hashText, leafHash } from '@audital/chain/check';
import { canonicalBytes } from '@audital/chain/write';
import {
  type AppendReply,
  type AppendRequest,
  Corrupt,
  ledgerStreams,
  type OrganisationId,
  Rejected,
} from '@audital/contracts';
import type { Ledger } from '@audital/ledger';
import { sha256 } from './adapters/keys';
import { readEvent } from './stored-event';

/**
 * What a known Idempotency-Key sealed, read from the ledger (DESIGN §8.10). Throws Rejected when it sealed other content. A payload that
 * was redacted since cannot be compared any more: the rest of the content decides.
 */
export async function replay(
  ledger: Ledger,
  organisationId: OrganisationId,
  request: AppendRequest,
  position: number,
): Promise<AppendReply> {
  const stream = ledgerStreams.chain(organisationId);
  const [stored] = await ledger.read(stream, { from: position, limit: 1 });
  if (!stored) throw new Corrupt(stream, position, `Position ${position} is indexed, and the ledger does not hold it.`);
  const { record, payload, payloadProblem } = await readEvent(ledger, organisationId, stored);
  const isGone = payloadProblem !== null;
  const { eventType, source, severity, tags, modelId } = record;
  const timestamp = request.timestamp === null ? null : record.timestamp;
  const before = [eventType, source, severity, tags, modelId, timestamp, isGone ? null : payload];
  const now = [
    ...[request.eventType, request.source, request.severity, request.tags, request.modelId, request.timestamp],
    isGone ? null : request.payload,
  ];
  if (!equalBytes(canonicalBytes(before), canonicalBytes(now))) {
    throw new Rejected(
      'IDEMPOTENCY_KEY_REUSED',
      `This Idempotency-Key has sealed another event at position ${position}: use a new key for new content.`,
    );
  }
  return { id: record.id, chainPosition: position, blockHash: hashText(leafHash(sha256, stored.data)), replayed: true };
}
