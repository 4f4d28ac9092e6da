import { join } from 'node:path';
import type { DataFolder } from './data-folder';
import { ledgerFile } from './ledger-files';
import type { Secrets } from './secrets';
import type { ProcessSpec } from './supervisor';

/** The drain order: who takes in first, who remembers last. What is listed together stops together. */
export const DRAIN_ORDER = [
  ['gateway', 'poller-scheduler', 'chain-verifier'],
  ['sagemaker-collector', 'integration-registry'],
  ['chain-writer'],
  ['nats-server', 'aws-simulator'],
] as const;

export interface Plan {
  /** The checkout or installation that holds `apps/`. */
  installation: string;
  folder: DataFolder;
  secrets: Secrets;
  ports: { gateway: number; simulator: number; health: Record<string, number> };
  nats: { url: string; ownUsers: boolean };
  ledger: { url: string } | { folder: string };
  speed: number;
  /** False: real AWS. */
  simulated: boolean;
  /** The launcher's own environment: the collector takes the AWS variables from it when there is no simulator. */
  env: Record<string, string | undefined>;
}

/** Whom the simulated account knows the operator as, and by which keys. */
const SIMULATED_PRINCIPAL = 'arn:aws:iam::891377069453:user/audital';
const SIMULATED_OPERATOR = {
  AWS_ACCESS_KEY_ID: 'AKIASIMULATEDOPERATR',
  AWS_SECRET_ACCESS_KEY: 'simulated-secret-access-key',
};

export const SERVICES = [
  'chain-writer',
  'integration-registry',
  'poller-scheduler',
  'sagemaker-collector',
  'chain-verifier',
  'gateway',
] as const;

/** How to run each service: the same build that compose and Kubernetes run, told apart by its environment only. */
export function serviceSpec(name: (typeof SERVICES)[number], plan: Plan): ProcessSpec {
  return nodeProcess(name, plan, { ...commonEnv(name, plan), ...ownEnv(name, plan) });
}

export function simulatorSpec(plan: Plan, simulator: { externalId: string; manual: boolean }): ProcessSpec {
  const lag = plan.env['CLOCK_LAG_SECONDS'];
  return nodeProcess('aws-simulator', plan, {
    HOST: '127.0.0.1',
    PORT: String(plan.ports.simulator),
    SIMULATOR_DATA_DIR: plan.folder.simulator,
    SPEED: String(plan.speed),
    STORY: 'credit-scoring',
    STORY_MODE: simulator.manual ? 'manual' : 'clock',
    AUDITAL_EXTERNAL_ID: simulator.externalId,
    ...(lag ? { CLOCK_LAG_SECONDS: lag } : {}),
  });
}

function nodeProcess(name: string, plan: Plan, env: Record<string, string>): ProcessSpec {
  const script = join(plan.installation, 'apps', name, 'dist', 'main.js');
  const args = ['--enable-source-maps', '--disable-warning=ExperimentalWarning', script];
  return { name, command: process.execPath, args, env: { ...baseEnv(plan.env), ...env, AUDITAL_EXIT_WITH_STDIN: '1' } };
}

/** A service sees nothing of the launcher's environment but what every program needs. */
export function baseEnv(env: Plan['env']): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'LOG_LEVEL'];
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name] as string]])));
}

function commonEnv(name: string, plan: Plan): Record<string, string> {
  const user = plan.nats.ownUsers
    ? { NATS_USER: name, NATS_PASSWORD: plan.secrets.natsPasswords[name] as string }
    : userOf(plan.nats.url);
  return {
    NATS_URL: withoutUser(plan.nats.url),
    ...user,
    ...ledgerOf(name, plan.ledger),
    HEALTH_PORT: String(plan.ports.health[name]),
    PARTITIONS: '1',
    SPEED: String(plan.speed),
  };
}

/** A password in a URL stays in its file; a URL for everybody has none, or the same for all. */
function ledgerOf(name: string, ledger: Plan['ledger']): Record<string, string> {
  if ('folder' in ledger) return { LEDGER_URL_FILE: ledgerFile(ledger.folder, name) };
  return { LEDGER_URL: ledger.url };
}

function ownEnv(name: (typeof SERVICES)[number], plan: Plan): Record<string, string> {
  const { folder, secrets } = plan;
  switch (name) {
    case 'chain-writer':
      return {
        MASTER_SECRET_FILE: secrets.masterFile,
        CHECKPOINT_STORE_URL: `sqlite:${join(folder.checkpoints, 'checkpoints.sqlite')}`,
        INDEX_DIR: join(folder.index, name),
      };
    case 'gateway':
      return {
        HOST: '127.0.0.1',
        PORT: String(plan.ports.gateway),
        KEY_PEPPER_FILE: secrets.pepperFile,
        INDEX_DIR: join(folder.index, name),
        PINS_DIR: folder.pins,
        ...principal(plan),
      };
    case 'chain-verifier':
      return { INDEX_DIR: join(folder.index, name), PINS_DIR: folder.pins };
    case 'integration-registry':
      return { KEY_PEPPER_FILE: secrets.pepperFile };
    case 'sagemaker-collector':
      return plan.simulated ? simulatedAws(plan) : realAws(plan.env);
    case 'poller-scheduler':
      return {};
  }
}

/** Whom a role has to trust: `GET …/setup` fills it in. With real AWS only the operator knows; without it there is a placeholder. */
function principal({ simulated, env }: Plan): Record<string, string> {
  const arn = simulated ? SIMULATED_PRINCIPAL : env['COLLECTOR_PRINCIPAL_ARN'];
  return arn ? { COLLECTOR_PRINCIPAL_ARN: arn } : {};
}

function simulatedAws(plan: Plan): Record<string, string> {
  return {
    ...SIMULATED_OPERATOR,
    AWS_ENDPOINT_URL: `http://127.0.0.1:${plan.ports.simulator}`,
    AWS_REGION: 'eu-west-2',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

function realAws(env: Plan['env']): Record<string, string> {
  const names = Object.keys(env).filter((name) => name.startsWith('AWS_'));
  return Object.fromEntries(names.map((name) => [name, env[name] as string]));
}

function userOf(url: string): Record<string, string> {
  const { username, password } = new URL(url);
  return { NATS_USER: decodeURIComponent(username), NATS_PASSWORD: decodeURIComponent(password) };
}

function withoutUser(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}
