import { ApiError } from '../http/api-error';

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The header's value; null when it is left out. Throws ApiError. */
export function idempotencyKeyOf(given: string | undefined): string | null {
  if (given === undefined) return null;
  if (IDEMPOTENCY_KEY.test(given)) return given;
  const message = 'Idempotency-Key is 1 to 255 visible ASCII characters.';
  throw new ApiError('INVALID_QUERY', message, {
    problems: [{ pointer: 'header:Idempotency-Key', code: 'INVALID_VALUE', message }],
  });
}
