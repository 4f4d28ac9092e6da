import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { S3Client } from '@aws-sdk/client-s3';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { loadConfig } from '../config';
import { simulatorServer } from '../server';
import { Simulator } from '../simulator';

export const ROLE_ARN = 'arn:aws:iam::123456789012:role/AuditalSageMakerRole';
export const EXTERNAL_ID = 'aud_ext_0123456789abcdefghij';
export const OPERATOR_KEY = 'AKIASIMULATEDOPERATR';

/** A simulator as its users see it: an address. */
export interface Running {
  url: string;
  stop(): Promise<void>;
}

export const tempFolder = (): string => mkdtempSync(join(tmpdir(), 'audital-simulator-'));
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

const environment = (folder: string, env: Record<string, string>): Record<string, string> => ({
  PORT: '0',
  SIMULATOR_DATA_DIR: folder,
  AUDITAL_EXTERNAL_ID: EXTERNAL_ID,
  SEED: 'a fixed seed',
  STORY_MODE: 'manual',
  ...env,
});

/** In this process, so that the present can be chosen. */
export async function startHere(
  folder: string,
  o: { env?: Record<string, string>; real?: () => number } = {},
): Promise<Running & { simulator: Simulator }> {
  const simulator = Simulator.open(loadConfig(environment(folder, o.env ?? {})), o.real ?? (() => Date.now()));
  const server = simulatorServer({
    simulator,
    onFatal: (error) => {
      throw error;
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    simulator.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, simulator, stop };
}

const project = join(__dirname, '..', '..');

/** Compiles what changed, so that the process below is this source. */
export function build(): void {
  const compiler = require.resolve('typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-b', join(project, 'tsconfig.app.json')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
}

/** A process of its own, as `npm start` runs it. */
export async function startProcess(
  folder: string,
  env: Record<string, string> = {},
): Promise<Running & { kill9(): Promise<void>; endStdin(): Promise<number | null>; exit: Promise<number | null> }> {
  const child = spawn(process.execPath, [join(project, 'dist', 'main.js')], {
    // A test that fails half-way leaves no orphan behind.
    env: environment(folder, { AUDITAL_EXIT_WITH_STDIN: '1', ...env }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (output.includes('\n')) resolve((JSON.parse(output.split('\n')[0] ?? '') as { listening: string }).listening);
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    child.once('exit', (code) => reject(new Error(`exit ${code}: ${errors}`)));
  });
  const end = async (act: () => void): Promise<number | null> => {
    act();
    return exit;
  };
  return {
    url,
    exit,
    stop: async () => void (await end(() => child.kill('SIGTERM'))),
    kill9: async () => void (await end(() => child.kill('SIGKILL'))),
    endStdin: () => end(() => child.stdin.end()),
  };
}

/** A call of the side door; `status` says whether it was refused. */
export async function admin<T = Record<string, unknown>>(
  { url }: { url: string },
  request: string,
  body?: unknown,
): Promise<{ status: number; body: T }> {
  const [method = 'GET', path = ''] = request.split(' ');
  const init: RequestInit = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(`${url}/_admin/${path}`, init);
  return { status: response.status, body: (await response.json()) as T };
}

/** Admin commands that must be accepted. */
export async function run(simulator: { url: string }, ...commands: unknown[]): Promise<void> {
  const { status, body } = await admin(simulator, 'POST commands', { commands });
  if (status !== 200) throw new Error(JSON.stringify(body));
}

export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export const operatorKeys: Keys = { accessKeyId: OPERATOR_KEY, secretAccessKey: 'not checked' };

/** Clients of the real SDK, without its patience: what fails, fails at once. */
export function clientsOf({ url }: { url: string }, credentials: Keys, region = 'eu-west-2') {
  const config = { endpoint: url, region, credentials, maxAttempts: 1 };
  return {
    sts: new STSClient(config),
    sagemaker: new SageMakerClient(config),
    cloudwatch: new CloudWatchClient(config),
    s3: new S3Client(config),
  };
}

export async function assume(
  simulator: { url: string },
  o: { externalId?: string | null; keys?: Keys; durationSeconds?: number; roleArn?: string } = {},
): Promise<Keys & { sessionToken: string; expiration: Date }> {
  const { sts } = clientsOf(simulator, o.keys ?? operatorKeys);
  const externalId = o.externalId === undefined ? EXTERNAL_ID : o.externalId;
  const { Credentials: credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: o.roleArn ?? ROLE_ARN,
      RoleSessionName: 'audital-int_test',
      ...(externalId === null ? {} : { ExternalId: externalId }),
      ...(o.durationSeconds === undefined ? {} : { DurationSeconds: o.durationSeconds }),
    }),
  );
  return {
    accessKeyId: credentials?.AccessKeyId as string,
    secretAccessKey: credentials?.SecretAccessKey as string,
    sessionToken: credentials?.SessionToken as string,
    expiration: credentials?.Expiration as Date,
  };
}

export const sageMakerOf = async (simulator: { url: string }, region?: string): Promise<SageMakerClient> =>
  clientsOf(simulator, await assume(simulator), region).sagemaker;

/** What the SDK's caller sees of a refusal. */
export async function refusalOf(
  call: Promise<unknown>,
): Promise<{ name: string; message: string; status: number | undefined }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, message, status: $metadata?.httpStatusCode };
  }
  throw new Error('The call was not refused.');
}
