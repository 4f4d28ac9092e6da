import type { ClassConstructor } from 'class-transformer';
import { ConfigError, EXIT_CONFIG, loadConfig, type ServiceConfig } from './config';
import { Health } from './health';
import { createLogger, type Logger } from './logger';

export interface ServiceParts<C> {
  config: Readonly<C>;
  log: Logger;
  health: Health;
}

export interface RunningService {
  /** Stops taking in, finishes what is in hand, closes. */
  stop: () => Promise<void>;
}

const STOP_LIMIT_MS = 10_000;
const STDIN_ENDED = 'stdin ended';

/**
 * The life of every service: configuration, then start, then until SIGTERM, SIGINT or, with AUDITAL_EXIT_WITH_STDIN=1, the end of stdin:
 * the launcher holds the other end, so that no service outlives it. An error that nobody handles ends the process: it is started again.
 */
export async function runService<C extends ServiceConfig>(o: {
  name: string;
  Config: ClassConstructor<C>;
  start: (parts: ServiceParts<C>) => Promise<RunningService>;
}): Promise<void> {
  let log = createLogger(o.name, 'info');
  let running: RunningService | null = null;
  let stopping = false;
  const stop = (why: string): void => {
    // A second signal is impatience; the end of stdin after a signal is only the launcher's own end.
    if (stopping && why === STDIN_ENDED) return;
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ why }, 'stopping');
    setTimeout(() => {
      log.error('the service did not stop in 10 s');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    (running?.stop() ?? Promise.resolve()).then(
      () => process.exit(0),
      (error: unknown) => fatal(log, error),
    );
  };
  process.on('unhandledRejection', (error) => fatal(log, error));
  process.on('uncaughtException', (error) => fatal(log, error));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));
  if (process.env['AUDITAL_EXIT_WITH_STDIN'] === '1') process.stdin.on('end', () => stop(STDIN_ENDED)).resume();
  try {
    const config = loadConfig(o.Config, process.env);
    log = createLogger(o.name, config.LOG_LEVEL);
    const health = new Health();
    health.check('started', () => {
      if (stopping) return 'the service is stopping';
      return running === null ? 'the service is starting' : null;
    });
    const server = await health.serve(config.HEALTH_PORT, config.HEALTH_HOST);
    running = await o.start({ config, log, health });
    const { stop: stopParts } = running;
    running = { stop: () => stopParts().finally(() => server?.close()) };
    log.info('running');
  } catch (error) {
    if (error instanceof ConfigError) {
      process.stderr.write(`${o.name}: ${error.message}\n`);
      process.exit(EXIT_CONFIG);
    }
    fatal(log, error);
  }
}

/** Logged whole, then the end: pino writes synchronously to stdout, so the line is out. */
function fatal(log: Logger, error: unknown): never {
  log.fatal({ err: error }, 'the service ends');
  process.exit(1);
}
