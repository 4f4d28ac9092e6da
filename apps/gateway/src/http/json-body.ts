import { json, type RequestHandler } from 'express';
import { ApiError } from './api-error';

const BODY_BYTES_MAX = 1024 * 1024;
const parse = json({ limit: BODY_BYTES_MAX, strict: true, type: 'application/json' });

/** Bodies are one JSON object of at most 1 MB; an empty one counts as none. */
export const jsonBody: RequestHandler = (request, response, next) => {
  if (hasBody(request.headers) && !request.is('application/json')) {
    return next(
      new ApiError(
        'UNSUPPORTED_MEDIA_TYPE',
        `The body is ${request.headers['content-type'] ?? 'of no declared type'}; only application/json is taken.`,
      ),
    );
  }
  parse(request, response, (error?: unknown) => {
    if (error) return next(bodyError(error));
    if (Array.isArray(request.body))
      return next(new ApiError('MALFORMED_JSON', 'The body is a JSON array; an object is expected.'));
    next();
  });
};

const hasBody = (headers: {
  'content-length'?: string | undefined;
  'transfer-encoding'?: string | undefined;
}): boolean => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** body-parser's errors bear a `type`. */
function bodyError(error: unknown): unknown {
  const { type, message } = error as { type?: string; message: string };
  switch (type) {
    case 'entity.too.large':
      return new ApiError('BODY_TOO_LARGE', `The body has more than ${BODY_BYTES_MAX} bytes.`);
    case 'entity.parse.failed':
      return new ApiError('MALFORMED_JSON', `The body is not JSON: ${message}.`);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new ApiError('UNSUPPORTED_MEDIA_TYPE', `The body cannot be read: ${message}.`);
    case 'request.aborted':
    case 'request.size.invalid':
      return new ApiError('MALFORMED_JSON', 'The body ended before its announced length.');
    default:
      return error;
  }
}
