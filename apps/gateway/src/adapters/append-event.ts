import {
  type AppendReply,
  type AppendRequest,
  type OrganisationId,
  partitionOf,
  subjects,
  Unavailable,
} from '@audital/contracts';
import type { Bus } from '@audital/messaging';
import { ApiError } from '../http/api-error';
import { sha256 } from '@audital/chain/node';

export type AppendEvent = (request: AppendRequest) => Promise<AppendReply>;

const NOBODY_LISTENS = '503';

/** Asks the chain-writer of the organisation's partition to seal a user's event. Whether a key was used before, it decides (DESIGN §8.10). */
export const appendEvent =
  (bus: Pick<Bus, 'ask'>, partitions: number): AppendEvent =>
  async (request) => {
    const subject = subjects.askChain(partitionOfOrganisation(request.organisationId, partitions), 'append');
    try {
      return await bus.ask<AppendReply>(subject, request);
    } catch (error) {
      throw isSilence(error) ? noAnswer(request.idempotencyKey, error) : error;
    }
  };

const partitionOfOrganisation = (id: OrganisationId, partitions: number): number =>
  partitionOf(sha256(new TextEncoder().encode(id)), partitions);

/** The request went out, and what became of it is unknown. When nobody listened, it was certainly not carried out. */
function isSilence(error: unknown): boolean {
  if (!(error instanceof Unavailable) || error.dependency !== 'nats') return false;
  return (error.cause as { code?: string } | undefined)?.code !== NOBODY_LISTENS;
}

const noAnswer = (idempotencyKey: string, cause: unknown): ApiError =>
  new ApiError(
    'NO_ANSWER',
    `No answer came in time, so it is not known whether the event was sealed. Retry with the same Idempotency-Key: ${idempotencyKey}`,
    {
      headers: { 'Idempotency-Key': idempotencyKey },
      cause,
    },
  );
