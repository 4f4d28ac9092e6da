import type { RequestHandler } from 'express';
import type { Authenticator } from '../adapters/authenticator';
import { ApiError } from './api-error';

const KEY_NAMES = new Set(['key', 'apikey', 'api_key', 'api-key', 'access_token', 'token', 'authorization']);
const KEY_VALUE = /ak_(?:live|test)_/;
const PUBLIC = new Set(['/v1/openapi.json']);

/** Before the body is read: who has no key does not get a body parsed either. */
export const authenticate =
  (authenticator: Authenticator): RequestHandler =>
  (request, _response, next) => {
    if (PUBLIC.has(request.baseUrl + request.path)) return next();
    refuseKeyInQuery(request.originalUrl);
    authenticator.authenticate(request.headers.authorization).then((caller) => {
      request.caller = caller;
      next();
    }, next);
  };

/** Whatever else is right with the request: a key in an address has been written down in places that nobody guards. */
function refuseKeyInQuery(url: string): void {
  const parameters = [...new URLSearchParams(url.split('?')[1] ?? '')];
  const found = parameters.find(([name, value]) => KEY_NAMES.has(name.toLowerCase()) || KEY_VALUE.test(value));
  if (!found) return;
  const message = 'The API key belongs into the Authorization header. Treat the key as leaked: revoke it.';
  throw new ApiError('KEY_IN_QUERY', `The query parameter ${found[0]} looks like an API key.`, {
    problems: [{ pointer: `query:${found[0]}`, code: 'KEY_IN_QUERY', message }],
  });
}
