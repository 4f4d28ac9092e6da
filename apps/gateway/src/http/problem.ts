import { Corrupt, type Problem, Rejected, Unavailable } from '@audital/contracts';
import { ERROR_CATALOGUE, type ErrorCode, errorPage, isErrorCode } from '../domain/error-catalogue';
import { ApiError } from './api-error';

/** RFC 9457, `application/problem+json`. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  requestId: string;
  errors: Problem[];
  hint: string;
}

export const RETRY_AFTER_SECONDS = 2;

/** The one place where an error becomes an answer. What is not foreseen tells nothing about itself. */
export function problemOf(
  error: unknown,
  requestId: string,
): { document: ProblemDocument; headers: Record<string, string> } {
  const { code, detail, options } = toApiError(error);
  const { status, title, remedy } = ERROR_CATALOGUE[code];
  const document = {
    type: errorPage(code),
    title,
    status,
    detail,
    code,
    requestId,
    errors: options.problems ?? [],
    hint: remedy,
  };
  const headers = { ...(status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}), ...options.headers };
  return { document, headers };
}

/** Whether the log should say more than the answer does. */
export const isOurFault = (error: unknown): boolean => ERROR_CATALOGUE[toApiError(error).code].status === 500;

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Rejected) return refused(error);
  if (error instanceof Unavailable) {
    return new ApiError(
      'UNAVAILABLE',
      `${error.dependency} does not answer at the moment. Nothing is lost; try again shortly.`,
      { cause: error },
    );
  }
  if (error instanceof Corrupt) {
    const place = error.revision === null ? '' : ` at position ${error.revision}`;
    return new ApiError('EVIDENCE_CORRUPT', `What is stored${place} does not verify.`, { cause: error });
  }
  if (statusOf(error) === 404) return new ApiError('ROUTE_NOT_FOUND', 'There is no route with this method and path.');
  if (statusOf(error) === 400) return new ApiError('INVALID_QUERY', 'The path or the query string is not well formed.');
  return new ApiError('INTERNAL', 'The request failed for a reason that nobody foresaw.', { cause: error });
}

/** The services' codes are the API's codes; one that the catalogue does not know is still a refusal, with the service's own words. */
function refused({ code, message, problems }: Rejected): ApiError {
  return new ApiError(isErrorCode(code) ? code : 'REQUEST_REFUSED', message, { problems });
}

/** Of Nest's own exceptions (no such route, an address that cannot be decoded). */
function statusOf(error: unknown): number | null {
  const getStatus = (error as { getStatus?: unknown } | null)?.getStatus;
  return typeof getStatus === 'function' ? Number(getStatus.call(error)) : null;
}
