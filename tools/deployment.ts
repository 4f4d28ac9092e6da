import 'reflect-metadata';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NATS_USERS } from '@audital/messaging';
import { loadConfig, ServiceConfig, variablesOf } from '@audital/service';

export const root = join(__dirname, '..');
export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

export type Env = Record<string, string>;
type ConfigClass = new () => object;

/** Programs of apps/ that no deployment runs as a service: a person or a browser does. */
const NOT_SERVICES = ['cli', 'dashboard', 'launcher'];

/** Every service of the workspace, by the root's tsconfig.json. */
export const services = [...read('tsconfig.json').matchAll(/"\.\/apps\/([\w-]+)"/g)]
  .map(([, name]) => name as string)
  .filter((name) => !NOT_SERVICES.includes(name));

/** The names of the NATS users that people log in with. */
export const PEOPLE = ['cli', 'operator', 'viewer'];

/** The class that a service declares its environment in; null for a program that reads it by itself. */
function configClass(app: string): ConfigClass | null {
  const file = join(root, 'apps', app, 'src', 'config.ts');
  if (!existsSync(file)) return ServiceConfig;
  const exported = Object.values(require(file) as Record<string, unknown>);
  return (exported.find((one) => typeof one === 'function' && one.prototype instanceof ServiceConfig) ??
    null) as ConfigClass | null;
}

/** What the source of a program without such a class mentions. */
const mentioned = (file: string): string[] =>
  [...read(file).matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)'/g)].map(([, name]) => name as string);

/** Of the process, whatever the service: Node's, the AWS SDK's for the collector, and the image's HEALTHCHECK. */
const OF_EVERY_PROCESS = /^(NODE_ENV|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|TMPDIR|HEALTH_URL)$/;

/** What is wrong with the environment that a deployment gives a service; `script` is what the container runs. */
export function environmentProblems(script: string, env: Env): string[] {
  const app = /^apps\/([\w-]+)\/dist\/([\w-]+)\.js$/.exec(script);
  if (!app) return [`${script} is no program of apps/`];
  const [, name, program] = app as unknown as [string, string, string];
  const source = `apps/${name}/src/${program}.ts`;
  if (!existsSync(join(root, source))) return [`${script} has no source ${source}`];
  // A workspace without a program yet accepts anything.
  if (/^export \{\};\s*$/.test(read(source))) return [];
  const Config = name === 'launcher' ? null : configClass(name);
  if (Config === null) {
    const names = mentioned(name === 'launcher' ? source : `apps/${name}/src/config.ts`);
    return Object.keys(env)
      .filter((variable) => !names.includes(variable) && !OF_EVERY_PROCESS.test(variable))
      .map((variable) => `${name} declares no ${variable}`);
  }
  return declaredProblems({ name, Config, env });
}

function declaredProblems({ name, Config, env }: { name: string; Config: ConfigClass; env: Env }): string[] {
  const declared = variablesOf(Config);
  const problems: string[] = [];
  const values: Env = {};
  for (const [variable, value] of Object.entries(env)) {
    const byFile = variable.replace(/_FILE$/, '');
    if (declared.includes(variable)) values[variable] = value;
    else if (byFile !== variable && declared.includes(byFile)) values[byFile] = placeholder(byFile);
    else if (OF_EVERY_PROCESS.test(variable)) values[variable] = value;
    else if (!(name === 'sagemaker-collector' && variable.startsWith('AWS_')))
      problems.push(`${name} declares no ${variable}`);
  }
  try {
    // The service's own rules: what is missing, and what has a wrong value.
    loadConfig(Config, values);
  } catch (error) {
    problems.push(
      ...(error as Error).message
        .split('\n')
        .slice(1)
        .map((line) => `${name}: ${line.trim()}`),
    );
  }
  return problems;
}

const placeholder = (name: string): string => (name === 'LEDGER_URL' ? 'esdb://ledger:2113' : 'in-a-file');

/** Services log in as themselves; together with those for people they are all the users that the broker knows. */
export function userProblems(users: string[]): string[] {
  const wanted = NATS_USERS.filter((user) => !PEOPLE.includes(user) && user !== 'launcher');
  return [
    ...wanted.filter((user) => !users.includes(user)).map((user) => `nobody logs in as ${user}`),
    ...users.filter((user) => !(NATS_USERS as string[]).includes(user)).map((user) => `NATS knows no user ${user}`),
  ];
}

/** `${NAME}` and `${NAME:-default}` as compose fills them in where nothing is set. */
export const interpolated = (text: string): string =>
  text.replace(/\$\{\w+(?::?-([^}]*))?\}/g, (_, fallback: string | undefined) => fallback ?? '');
