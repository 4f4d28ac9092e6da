import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OrganisationId, partitionOf, Rejected, type RunInfo, Unavailable } from '@audital/contracts';
import { connectBus } from '@audital/messaging';
import { EXIT, type OptionValues, textOf, UsageError, wholeNumber } from '../command';
import type { Terminal } from '../terminal';

export const OPERATOR_OPTIONS = {
  nats: { type: 'string' },
  data: { type: 'string' },
  partitions: { type: 'string' },
} as const;

export const OPERATOR_HELP = `  --data DIR         The data folder of the Audital that npm start runs here (default .audital): broker and password are found in it.
  --nats URL         Another broker, with the user of AUDITAL_NATS_USER (operator) and AUDITAL_NATS_PASSWORD or AUDITAL_NATS_PASSWORD_FILE.
  --partitions N     How many chain-writers the deployment has (its PARTITIONS; 1).`;

/** How an operator logs in to the broker. */
export interface OperatorLogin {
  /** nats://host:port */
  url: string;
  user: string;
  password: string;
}

const USER = 'operator';
const CONNECT_LIMIT_MS = 5_000;
const ANSWER_LIMIT_MS = 10_000;

type Env = Record<string, string | undefined>;

/** From the command line and the environment, else from the data folder of a running `npm start`. Throws UsageError. */
export function findLogin(values: OptionValues, env: Env = process.env): OperatorLogin {
  const url = textOf(values['nats']);
  if (url !== undefined) return loginByUrl(url, env);
  const folder = textOf(values['data']) ?? '.audital';
  const run = readJson<RunInfo>(join(folder, 'run.json'));
  if (run === null) {
    throw new UsageError(
      `No running Audital was found in ${folder}: start it with npm start, name its folder with --data, or its broker with --nats.`,
    );
  }
  const { host, username, password } = new URL(run.nats);
  // With a broker of one's own its URL names the one user of everything.
  if (username !== 'viewer')
    return { url: `nats://${host}`, user: decodeURIComponent(username), password: decodeURIComponent(password) };
  const own = readJson<Record<string, string>>(join(folder, 'secrets', 'nats.json'))?.[USER];
  if (own === undefined) {
    throw new UsageError(
      `${join(folder, 'secrets', 'nats.json')} has no password for the user ${USER}: stop and start Audital once with this version, which makes it.`,
    );
  }
  return { url: `nats://${host}`, user: USER, password: own };
}

function loginByUrl(text: string, env: Env): OperatorLogin {
  if (!URL.canParse(text) || new URL(text).protocol !== 'nats:')
    throw new UsageError(`--nats is nats://host:port, not ${JSON.stringify(text)}.`);
  const { host, username, password } = new URL(text);
  if (password !== '')
    throw new UsageError(
      'A password on the command line can be read by everybody on this machine: put it into AUDITAL_NATS_PASSWORD_FILE.',
    );
  const file = env['AUDITAL_NATS_PASSWORD_FILE'];
  const given = env['AUDITAL_NATS_PASSWORD'] ?? (file ? passwordIn(file) : undefined);
  if (given === undefined)
    throw new UsageError('Which password? Set AUDITAL_NATS_PASSWORD_FILE (its file, say secrets/nats-operator).');
  return { url: `nats://${host}`, user: env['AUDITAL_NATS_USER'] ?? (username || USER), password: given };
}

function passwordIn(file: string): string {
  if (!existsSync(file)) throw new UsageError(`AUDITAL_NATS_PASSWORD_FILE names ${file}, which does not exist.`);
  return readFileSync(file, 'utf8').trim();
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}

/** The partition of an organisation's chain in this deployment. */
export function partitionFor(values: OptionValues, organisationId: string): number {
  const partitions = wholeNumber('partitions', values['partitions'], 1);
  if (partitions < 1) throw new UsageError('--partitions is at least 1.');
  return partitionOf(createHash('sha256').update(organisationId).digest(), partitions);
}

/** The organisation that is named, else that of the running `npm start`. */
export function organisationOf(values: OptionValues): OrganisationId {
  const named = textOf(values['organisation']);
  if (named !== undefined) return named as OrganisationId;
  const run = readJson<RunInfo>(join(textOf(values['data']) ?? '.audital', 'run.json'));
  if (run !== null && textOf(values['nats']) === undefined) return run.organisationId as OrganisationId;
  throw new UsageError('Which organisation? Give --organisation org_….');
}

export interface Question {
  subject: string;
  body: unknown;
  timeoutMs?: number;
  /** The lines for a person; `--json` prints the reply as it came. */
  told: (reply: never) => string[];
  /** Whether all is done that was asked for; absent: an answer says so. */
  isDone?: (reply: never) => boolean;
}

/** Asks, and prints what is answered: the reply, or in a sentence why there is none. Answers the exit code. */
export async function ask(question: Question, o: { values: OptionValues; terminal: Terminal }): Promise<number> {
  const { terminal } = o;
  try {
    const reply = await request(findLogin(o.values), question);
    if (terminal.json) terminal.object({ ok: reply });
    else for (const line of question.told(reply as never)) terminal.line(line);
    return question.isDone?.(reply as never) === false ? EXIT.error : EXIT.ok;
  } catch (error) {
    const isAnswer = error instanceof Rejected || error instanceof Unavailable;
    if (!isAnswer) throw error;
    if (terminal.json) terminal.object(refusal(error));
    else if (error instanceof Rejected) terminal.note(`Refused (${error.code}): ${error.message}`);
    else terminal.note(`Not now (${error.dependency}): ${error.message} Repeating the command is harmless.`);
    return EXIT.error;
  }
}

async function request(login: OperatorLogin, { subject, body, timeoutMs }: Question): Promise<unknown> {
  const bus = await connectBus({ ...login, name: 'audital', connectLimitMs: CONNECT_LIMIT_MS });
  try {
    return await bus.ask<unknown>(subject, body, { timeoutMs: timeoutMs ?? ANSWER_LIMIT_MS });
  } finally {
    await bus.close();
  }
}

function refusal(error: Rejected | Unavailable): unknown {
  const { message } = error;
  if (error instanceof Rejected) return { rejected: { code: error.code, message, problems: error.problems } };
  return { unavailable: { dependency: error.dependency, message } };
}
