import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Log } from '../adapters/log';
import { isOurFault, problemOf } from './problem';

/** Turns whatever was thrown into a problem document, once. Stack traces go to the log, under the request id, and nowhere else. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    const { document, headers } = problemOf(error, request.requestId);
    if (isOurFault(error)) {
      this.log.error(
        { err: error, requestId: request.requestId, method: request.method, path: request.path },
        'A request failed.',
      );
    }
    // A stream that has begun cannot become an error any more: it ends without its last line, which says the same.
    if (response.headersSent) return void response.destroy();
    response.status(document.status).set(headers).type('application/problem+json').send(JSON.stringify(document));
  }
}
