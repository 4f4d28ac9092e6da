import { readFileSync } from 'node:fs';
import { type ClassConstructor, plainToInstance, Transform } from 'class-transformer';
import {
  getMetadataStorage,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  validateSync,
} from 'class-validator';

/** EX_CONFIG of sysexits: a supervisor need not try again. */
export const EXIT_CONFIG = 78;

/** An environment variable is text: this makes a number of it, and leaves what is none for the rule to name. */
export const toNumber = (): PropertyDecorator =>
  Transform(({ value }) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value));

/** What every service is told. */
export class ServiceConfig {
  /** Where NATS is. */
  @Matches(/^nats:\/\/[^\s@]+$/, { message: 'NATS_URL is nats://host:port, without user and password' })
  NATS_URL: string;

  /** The service's own NATS user; empty where the server has no users. */
  @IsOptional()
  @IsString()
  NATS_USER = '';

  @IsOptional()
  @IsString()
  NATS_PASSWORD = '';

  /** sqlite:/path/ledger.sqlite or esdb://… */
  @IsString()
  @IsNotEmpty()
  LEDGER_URL: string;

  /** Port of /health/live, /health/ready and /metrics on HEALTH_HOST; 0: any free port. */
  @toNumber()
  @IsInt()
  @Min(0)
  @Max(65_535)
  HEALTH_PORT = 0;

  @IsString()
  HEALTH_HOST = '127.0.0.1';

  @IsIn(['debug', 'info', 'warn', 'error'])
  LOG_LEVEL = 'info';

  /** Into how many parts the organisations are divided; fixed at the first start. */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(256)
  PARTITIONS = 1;

  /** How many times faster than real time poll intervals run. Only for the simulator. */
  @toNumber()
  @IsInt()
  @Min(1)
  @Max(3600)
  SPEED = 1;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** All problems at once, and no value of any variable in them: it may be a secret. */
export function loadConfig<T extends object>(
  Config: ClassConstructor<T>,
  env: Record<string, string | undefined>,
): Readonly<T> {
  // Only what the class has a rule for: the rest of the environment (AWS's keys, say) is none of the configuration's business.
  const rules = getMetadataStorage().getTargetValidationMetadatas(Config, '', false, false);
  const names = [...new Set(rules.map(({ propertyName }) => propertyName))];
  const known = Object.fromEntries(
    names.filter((name) => env[name] !== undefined && env[name] !== '').map((name) => [name, env[name]]),
  );
  const config = plainToInstance(Config, known);
  const problems = validateSync(config, { forbidUnknownValues: false }).flatMap((error) =>
    Object.values(error.constraints ?? {}).map((rule) =>
      rule.startsWith(error.property) ? rule : `${error.property}: ${rule}`,
    ),
  );
  if (env['NODE_ENV'] === 'production' && 'SPEED' in config && config.SPEED !== 1)
    problems.push('SPEED must be 1 in production: real accounts do not run faster');
  if (problems.length > 0)
    throw new ConfigError(`The configuration is not right, so nothing was started:\n  ${problems.join('\n  ')}`);
  return Object.freeze(config);
}

/** A secret lives in a file (a mounted Secret in production). `what` says what it is for. */
export function readSecretFile(path: string, what: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new ConfigError(
      `${what} cannot be read from ${path} (${(error as NodeJS.ErrnoException).code}): make the file readable for this service alone.`,
    );
  }
  if (text.length < 32)
    throw new ConfigError(
      `${what} in ${path} is shorter than 32 characters: make it anew from 32 random bytes in hex.`,
    );
  return text;
}
