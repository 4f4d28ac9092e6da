import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const ROLE_ARN = 'arn:aws:iam::123456789012:role/AuditalSageMakerRole';
export const ROLE_NAME = 'AuditalSageMakerRole';
export const EXTERNAL_ID = 'aud_ext_0123456789abcdefghij';
/** Whom the simulator takes Audital for. */
export const OPERATOR_ARN = 'arn:aws:iam::891377069453:user/audital';

const MAIN = resolve(__dirname, '..', '..', '..', 'aws-simulator', 'dist', 'main.js');

export interface AwsSimulator {
  url: string;
  /** Admin commands that must be accepted. */
  run: (...commands: Record<string, unknown>[]) => Promise<void>;
  /** Ends the process, removes its folder, and gives the environment back. */
  stop: () => Promise<void>;
}

/** The simulator as a process of its own; until `stop`, every client of the SDK that this process makes talks to it. */
export async function startSimulator(env: Record<string, string> = {}): Promise<AwsSimulator> {
  const folder = mkdtempSync(join(tmpdir(), 'audital-collector-aws-'));
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PORT: '0',
      SIMULATOR_DATA_DIR: folder,
      AUDITAL_EXTERNAL_ID: EXTERNAL_ID,
      SEED: 'a fixed seed',
      CLOCK_LAG_SECONDS: '0',
      AUDITAL_EXIT_WITH_STDIN: '1',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise((settle) => child.once('exit', settle));
  const url = await new Promise<string>((found, failed) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const line = /^\{"listening":.*$/m.exec(output);
        if (line) found((JSON.parse(line[0]) as { listening: string }).listening);
      });
    child.once('exit', () => failed(new Error(`The simulator ended: ${output}`)));
  });
  const restore = pointSdkAt(url);
  return {
    url,
    run: async (...commands) => {
      const response = await fetch(`${url}/_admin/commands`, { method: 'POST', body: JSON.stringify({ commands }) });
      if (response.status !== 200) throw new Error(await response.text());
    },
    stop: async () => {
      restore();
      child.stdin.end();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function pointSdkAt(url: string): () => void {
  const wanted: Record<string, string> = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'eu-west-2',
    AWS_ACCESS_KEY_ID: 'AKIASIMULATEDOPERATR',
    AWS_SECRET_ACCESS_KEY: 'not checked',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
