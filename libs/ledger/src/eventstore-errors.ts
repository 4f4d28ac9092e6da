import { Conflict, Corrupt, Rejected, Unavailable } from '@audital/contracts';
import {
  AccessDeniedError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { NO_STREAM, StreamDeleted } from './ledger';

export interface Call {
  stream: string;
  expectedRevision?: number;
  /** `host:port`. */
  server: string;
}

/** gRPC: cancelled, unknown, deadline exceeded, resource exhausted, aborted, internal (a torn connection), unavailable. */
const AWAY_CODES = [1, 2, 4, 8, 10, 13, 14];

/** What an error of the client means to a service. Ours pass through; what is neither an answer nor an absence is a bug and stays as it is. */
export function mapEventStoreError(error: unknown, call: Call): unknown {
  if ([Conflict, Corrupt, Rejected, Unavailable, StreamDeleted].some((kind) => error instanceof kind)) return error;
  if (error instanceof WrongExpectedVersionError) {
    const actual = error.actualVersion === 'no_stream' ? NO_STREAM : Number(error.actualVersion);
    return new Conflict(call.stream, call.expectedRevision ?? NO_STREAM, actual);
  }
  if (error instanceof StreamDeletedError) return new StreamDeleted(call.stream);
  // A person has to act on both, and nothing of what waits may be given up meanwhile: hence not Rejected.
  if (error instanceof AccessDeniedError) return new AccessDenied(call, { cause: error });
  if (error instanceof MaxAppendSizeExceededError) {
    const takes = `The EventStoreDB at ${call.server} takes ${error.maxAppendSize} bytes at once`;
    return new Unavailable('ledger', `${takes}: raise its MaxAppendSize to 1048576 at least.`, { cause: error });
  }
  const { code, message } = error as { code?: unknown; message?: string };
  const isAway =
    typeof code === 'number' ? AWAY_CODES.includes(code) : /discover|ECONN|ENOTFOUND|closed/i.test(`${message}`);
  if (!isAway) return error;
  return new Unavailable('ledger', `The EventStoreDB at ${call.server} is away (${message || code}).`, {
    cause: error,
  });
}

/** Waiting does not help: somebody has to give the user its rights. */
export class AccessDenied extends Unavailable {
  constructor(call: Call, options?: ErrorOptions) {
    super(
      'ledger',
      `The EventStoreDB at ${call.server} refuses this on ${call.stream}: is the password right, and has ledger-admin setup been run?`,
      options,
    );
  }
}

export const isStreamNotFound = (error: unknown): boolean => (error as { type?: string }).type === 'stream-not-found';
