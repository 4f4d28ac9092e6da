import { type DynamicModule, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import type { Authenticator } from '../adapters/authenticator';
import type { Log } from '../adapters/log';
import { authenticate } from './authenticate';
import { jsonBody } from './json-body';
import { serveOpenApi } from './openapi';
import { ProblemFilter } from './problem.filter';
import { requestId } from './request-id';
import { ScopesGuard } from './scopes.guard';
import { RequestPipe } from './validation';

const HEADERS_TIMEOUT_MS = 20_000;

export interface HttpAppOptions {
  module: DynamicModule;
  authenticator: Authenticator;
  log: Log;
  nestLogger: LoggerService;
  now: () => Date;
}

/** The HTTP server, not yet listening. A request passes: its id, security headers, the key, the body, then its route. */
export async function createHttpApp(o: HttpAppOptions): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(o.module, {
    bodyParser: false,
    logger: o.nestLogger,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.use(requestId(o.now));
  app.use(securityHeaders());
  app.use('/v1', authenticate(o.authenticator));
  app.use('/v1', jsonBody);
  app.useGlobalFilters(new ProblemFilter(o.log));
  app.useGlobalGuards(new ScopesGuard());
  app.useGlobalPipes(new RequestPipe());
  serveOpenApi(app);
  await app.init();
  const server = app.getHttpServer() as import('node:http').Server;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return app;
}

/** Nothing is loaded from elsewhere, and nothing is asked of a browser that plain http on a laptop could not do. */
const securityHeaders = (): ReturnType<typeof helmet> =>
  helmet({
    contentSecurityPolicy: { directives: { 'upgrade-insecure-requests': null, 'connect-src': ["'self'"] } },
    strictTransportSecurity: false,
  });
