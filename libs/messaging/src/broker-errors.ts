import { Rejected, Unavailable } from '@audital/contracts';
import { ErrorCode, NatsError } from 'nats';

/** JetStream could not store it; the description says why. */
const STORE_FAILED = 10077;

/** Nobody listens: no service answers there, or no stream takes the subject. An answer of JetStream with the same code is another thing. */
export const nobodyListens = (error: unknown): boolean =>
  error instanceof NatsError && error.code === ErrorCode.NoResponders && !error.api_error;

/** The one message that the subject may hold waits still, or is worked on. A full stream has the same code, and is no such thing. */
export const isOccupied = (error: unknown): boolean =>
  error instanceof NatsError &&
  error.api_error?.err_code === STORE_FAILED &&
  error.api_error.description.includes('per subject');

/** The stream, the consumer or the message is not there. */
export const isNotFound = (error: unknown): boolean => error instanceof NatsError && error.code === '404';

/** What the broker said, as one of the four errors. `what`: the subject or stream that was meant. */
export function brokerError(error: unknown, what: string): Unavailable | Rejected {
  if (error instanceof Unavailable || error instanceof Rejected) return error;
  const { code } = error as NatsError;
  if (code === ErrorCode.MaxPayloadExceeded)
    return new Rejected('MESSAGE_TOO_LARGE', `${what}: the message is larger than the broker takes: send it in parts.`);
  return new Unavailable('nats', `${what}: ${reason(error as NatsError)}.`, { cause: error });
}

function reason(error: NatsError): string {
  if (nobodyListens(error)) return 'nobody answers there';
  if (error.code === ErrorCode.Timeout) return 'no answer in time';
  if (error.code === ErrorCode.PermissionsViolation)
    return `${error.message}; the permissions of NATS_USER are those of libs/messaging/src/users.ts`;
  return error.api_error?.description ?? error.message;
}
