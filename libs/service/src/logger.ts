import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

const SECRET_FIELDS = [
  'password',
  'authorization',
  'apiKey',
  'firstKey',
  'externalId',
  'secret',
  'pepper',
  'payload',
  'secretAccessKey',
  'sessionToken',
];

/** JSON lines on stdout: a constant sentence, and facts as fields. Secrets, external ids and payloads are cut out wherever they stand. */
export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  const options = {
    name,
    level,
    redact: { paths, censor: '[cut]' },
    timestamp: pino.stdTimeFunctions.isoTime,
    base: { name },
  };
  return destination ? pino(options, destination) : pino(options);
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
