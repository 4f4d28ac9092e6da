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

  /** The service's own NATS user; empty where the server has no users, which is for a developer's machine only. */
  @IsOptional()
  @IsString()
  NATS_USER = '';

  /** A secret: in production by NATS_PASSWORD_FILE. */
  @IsOptional()
  @IsString()
  NATS_PASSWORD = '';

  /** sqlite:/path/ledger.sqlite or esdb://…; with a password in it, by LEDGER_URL_FILE. */
  @IsString()
  @IsNotEmpty()
  LEDGER_URL: string;

  /** Port of /health/live, /health/ready and /metrics on HEALTH_HOST; 0: they are not served. */
  @toNumber()
  @IsInt()
  @Min(0)
  @Max(65_535)
  HEALTH_PORT = 0;

  /** The address of HEALTH_PORT; 127.0.0.1 unless set: only this machine. */
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

/**
 * Every variable that the class has a rule for, from the environment: NAME, or NAME_FILE, the path of a file that holds the value (how
 * compose and Kubernetes hand out secrets). All problems at once, and no value of any variable in them: it may be a secret.
 */
export function loadConfig<T extends object>(
  Config: ClassConstructor<T>,
  env: Record<string, string | undefined>,
): Readonly<T> {
  const names = variablesOf(Config);
  const problems: string[] = [];
  const known: Record<string, string> = {};
  for (const name of names) {
    const value = valueOf(name, { names, env, problems });
    if (value !== undefined) known[name] = value;
  }
  const config = plainToInstance(Config, known);
  for (const error of validateSync(config, { forbidUnknownValues: false })) {
    // Of a variable whose file cannot be read it has been said already.
    if (problems.some((problem) => problem.startsWith(`${error.property}_FILE`))) continue;
    for (const rule of Object.values(error.constraints ?? {}))
      problems.push(rule.startsWith(error.property) ? rule : `${error.property}: ${rule}`);
  }
  if (env['NODE_ENV'] === 'production') problems.push(...productionProblems(config));
  if (problems.length > 0)
    throw new ConfigError(`The configuration is not right, so nothing was started:\n  ${problems.join('\n  ')}`);
  return Object.freeze(config);
}

/** The names of a configuration class: the rest of the environment (AWS's keys, say) is none of the configuration's business. */
export function variablesOf(Config: ClassConstructor<object>): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Config, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

function valueOf(
  name: string,
  o: { names: string[]; env: Record<string, string | undefined>; problems: string[] },
): string | undefined {
  const value = o.env[name] || undefined;
  const file = o.names.includes(`${name}_FILE`) ? undefined : o.env[`${name}_FILE`] || undefined;
  if (file === undefined) return value;
  if (value !== undefined) {
    o.problems.push(`${name} and ${name}_FILE are both set: leave one out`);
    return undefined;
  }
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    o.problems.push(`${name}_FILE cannot be read (${(error as NodeJS.ErrnoException).code}): ${file}`);
    return undefined;
  }
}

function productionProblems(config: object): string[] {
  const problems: string[] = [];
  if ('SPEED' in config && config.SPEED !== 1)
    problems.push('SPEED must be 1 in production: real accounts do not run faster');
  for (const name of ['NATS_USER', 'NATS_PASSWORD'])
    if (name in config && !config[name as keyof typeof config])
      problems.push(`${name} is missing: in production every service has a NATS user of its own`);
  return problems;
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
