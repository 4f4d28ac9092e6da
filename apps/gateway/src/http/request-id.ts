import { randomBytes } from 'node:crypto';
import { makeId } from '@audital/contracts';
import type { RequestHandler } from 'express';
import type { Caller } from '../adapters/authenticator';

declare global {
  namespace Express {
    interface Request {
      requestId: string;
      /** Set by `authenticate` on every route that is not public. */
      caller?: Caller;
    }
  }
}

/** Every answer, errors too, bears the id under which the log has the request. */
export const requestId =
  (now: () => Date): RequestHandler =>
  (request, response, next) => {
    request.requestId = makeId('req', now().getTime(), randomBytes(10));
    response.setHeader('Audital-Request-Id', request.requestId);
    next();
  };
