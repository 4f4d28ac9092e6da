import type { Problem } from '@audital/contracts';
import type { ErrorCode } from '../domain/error-catalogue';

/** An answer that is not the one asked for: the code decides status, title and hint, the detail is public. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly options: { problems?: Problem[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, { cause: options.cause });
  }
}
