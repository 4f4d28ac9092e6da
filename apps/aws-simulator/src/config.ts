import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Everything the simulator is told. The names of the environment variables stand here only. */
export interface Config {
  /** HOST: where it listens. It asks for no real credentials, so anything but a loopback address is a decision. Default 127.0.0.1. */
  host: string;
  /** PORT: 0 takes a free one. Default 4566. */
  port: number;
  /** SIMULATOR_DATA_DIR: where the account's command log lies. One process at a time. */
  dataDir: string;
  /** SPEED: simulated seconds in a real one, 1 to 3600, until the account has caught up with the present. Default 1. */
  speed: number;
  /** STORY: what happens by itself: `credit-scoring`, or `none` (default). Fixed at the first start of a data folder. */
  story: 'credit-scoring' | 'none';
  /** STORY_MODE: `clock` (default): the story follows the account's clock; `manual`: each step is asked for, and the clock stands still. */
  mode: 'clock' | 'manual';
  /** STORY_START: `watched` (default): the clock-driven story waits for the first real list call by an assumed role; `now`: it does not. */
  storyStart: 'watched' | 'now';
  /**
   * AUDITAL_EXTERNAL_ID, or AUDITAL_EXTERNAL_ID_FILE that holds it: the external id that the customer put into the role's trust policy.
   * Unset: the policy has no such condition.
   */
  externalId: string | null;
  /** AUDITAL_PRINCIPAL_ACCOUNT: the AWS account that the role trusts. Default 891377069453. */
  principalAccount: string;
  /** AUDITAL_ACCESS_KEY_ID: the long-term key that a user of that account signs with. Default AKIASIMULATEDOPERATR. */
  operatorKeyId: string;
  /** SEED: what ids and tokens are derived from, fixed at the first start. Default: random. */
  seed: string | null;
  /** CLOCK_LAG_SECONDS: how far behind the present the account begins. Default: what the story needs, 86400 in manual mode without one. */
  clockLagSeconds: number | null;
  /** AUDITAL_EXIT_WITH_STDIN=1: end when standard input ends, so that no orphan outlives whoever started this. */
  exitWithStdin: boolean;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: string[]) {
    super(problems.join('\n'));
  }
}

/** Reads every variable, and reports all that is wrong at once. An empty value counts as missing. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const problems: string[] = [];
  const given = (name: string): string | null => env[name] || null;
  const fromFile = (name: string): string | null => {
    const file = given(name);
    try {
      return file === null ? null : readFileSync(file, 'utf8').trim() || null;
    } catch (error) {
      problems.push(`${name} cannot be read (${(error as NodeJS.ErrnoException).code}): ${file}`);
      return null;
    }
  };
  const matching = (name: string, fallback: string, pattern: RegExp, expected: string): string => {
    const value = given(name) ?? fallback;
    if (!pattern.test(value)) problems.push(`${name} must be ${expected}, not ${JSON.stringify(value)}.`);
    return value;
  };
  const oneOf = <T extends string>(name: string, ...allowed: [T, ...T[]]): T =>
    matching(name, allowed[0], new RegExp(`^(${allowed.join('|')})$`), `one of ${allowed.join(', ')}`) as T;
  const whole = (name: string, fallback: number, o: { min: number; max: number }): number => {
    const value = Number(given(name) ?? fallback);
    if (!Number.isInteger(value) || value < o.min || value > o.max) {
      problems.push(`${name} must be a whole number from ${o.min} to ${o.max}, not ${JSON.stringify(given(name))}.`);
    }
    return value;
  };
  const config: Config = {
    host: matching('HOST', '127.0.0.1', /^[\w.:-]+$/, 'a host name or address'),
    port: whole('PORT', 4566, { min: 0, max: 65_535 }),
    dataDir: resolve(given('SIMULATOR_DATA_DIR') ?? ''),
    speed: whole('SPEED', 1, { min: 1, max: 3600 }),
    story: oneOf('STORY', 'none', 'credit-scoring'),
    mode: oneOf('STORY_MODE', 'clock', 'manual'),
    storyStart: oneOf('STORY_START', 'watched', 'now'),
    externalId: given('AUDITAL_EXTERNAL_ID') ?? fromFile('AUDITAL_EXTERNAL_ID_FILE'),
    principalAccount: matching('AUDITAL_PRINCIPAL_ACCOUNT', '891377069453', /^\d{12}$/, 'an account id of 12 digits'),
    operatorKeyId: matching('AUDITAL_ACCESS_KEY_ID', 'AKIASIMULATEDOPERATR', /^\w{16,128}$/, 'an access key id'),
    seed: given('SEED'),
    clockLagSeconds:
      given('CLOCK_LAG_SECONDS') === null ? null : whole('CLOCK_LAG_SECONDS', 0, { min: 0, max: 10 ** 9 }),
    exitWithStdin: given('AUDITAL_EXIT_WITH_STDIN') === '1',
  };
  if (given('SIMULATOR_DATA_DIR') === null)
    problems.push('SIMULATOR_DATA_DIR is missing: it names the folder that keeps the account.');
  if (config.speed > 1 && env['NODE_ENV'] === 'production')
    problems.push('SPEED must be 1 when NODE_ENV is production.');
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}
