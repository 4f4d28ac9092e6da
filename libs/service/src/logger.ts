import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { cutSecrets } from './cut-secrets';

export type Logger = PinoLogger;

/** JSON lines on stdout: a constant sentence, and facts as fields. Secrets, external ids and payloads are cut out wherever they stand. */
export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  const cut = (fields: object): Record<string, unknown> => cutSecrets(fields) as Record<string, unknown>;
  const options = {
    name,
    level,
    formatters: { log: cut },
    timestamp: pino.stdTimeFunctions.isoTime,
    base: { name },
  };
  const logger = destination ? pino(options, destination) : pino(options);
  const { child } = logger;
  // pino hands a child's fields past every formatter.
  logger.child = function (this: Logger, fields: object) {
    return child.call(this, cut(fields));
  } as typeof logger.child;
  return logger;
}

/** Nest's own lines: warnings and errors only; its start-up chatter tells an operator nothing. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}
  log(): void {}
  warn(message: unknown): void {
    this.logger.warn({ nest: String(message) }, 'Nest warns');
  }
  error(message: unknown, stack?: unknown): void {
    this.logger.error(
      { nest: String(message), stack: typeof stack === 'string' ? stack : undefined },
      'Nest met an error',
    );
  }
}
