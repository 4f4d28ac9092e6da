import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeJson,
  type IntegrationEvent,
  type IntegrationSettings,
  type JsonObject,
  LEDGER_WRITERS,
  ledgerStreams,
  type PollEnded,
  type PollKind,
  type RecordMetadata,
  SALT_BYTES,
} from '@audital/contracts';
import { paginateListTrainingJobs, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { jsonEvent, type Ledger, NO_STREAM, readAll } from '@audital/ledger';
import type { Bus } from '@audital/messaging';
import {
  checkLedger,
  eventually,
  integrationId,
  organisationId,
  startNats,
  tempFolder,
  tempLedger,
  type TestLedger,
  type TestNats,
} from '@audital/testing';
import { AwsAccounts } from '../adapters/aws-accounts';
import { pollAccount } from '../poll';

const apps = join(__dirname, '..', '..', '..');
export const EXTERNAL_ID = 'aud_ext_0123456789abcdefghij';
const LAG_SECONDS = 60 * 24 * 60 * 60;
/** Budgets are so many times larger: a test has no time to be a good neighbour. */
const SPEED = 200;

export interface Sealed {
  eventType: string;
  severity: string;
  captureMode: string;
  timestamp: string;
  modelId: string | null;
  // Tests look into payloads by name, as a reader would.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  payload: any;
}

const SETTINGS: IntegrationSettings = {
  name: null,
  environment: null,
  syncInterval: 60,
  filters: { namePrefix: null, tags: {} },
  captureMetrics: false,
  captureHyperparameters: true,
  captureTrainingStarted: false,
  backfillDays: 0,
  modelIdentity: { tag: null },
};

/** A simulated account, and around the collector everything that is real: broker, ledger, chain-writer and AWS's own SDK. */
export class WatchedAccount {
  readonly id = integrationId();
  private revision = NO_STREAM as number;
  private settings = SETTINGS;
  private readonly ends: PollEnded[] = [];
  private accounts: AwsAccounts;
  private readonly owner = new SageMakerClient({
    credentials: { accessKeyId: 'AKIASIMULATEDCUSTOMR', secretAccessKey: 'not checked' },
  });

  private constructor(
    readonly nats: TestNats,
    readonly ledger: TestLedger,
    private readonly reading: Ledger,
    private readonly bus: Bus,
    private readonly simulator: { url: string; process: ChildProcess },
    private readonly writer: ChildProcess,
    private readonly folder: { path: string; remove: () => void },
    private readonly speed: number,
  ) {
    this.accounts = new AwsAccounts(speed, async () => []);
  }

  /** Budgets are `speed` times those of a real account: one List and five other calls a second. */
  static async start(speed = SPEED): Promise<WatchedAccount> {
    const folder = tempFolder();
    const nats = await startNats();
    const ledger = await tempLedger();
    const simulator = await startSimulator(join(folder.path, 'simulator'));
    const writer = startWriter(folder.path, nats, ledger.url);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: simulator.url,
      AWS_REGION: 'eu-west-2',
      AWS_ACCESS_KEY_ID: 'AKIASIMULATEDOPERATR',
      AWS_SECRET_ACCESS_KEY: 'not checked',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    const bus = await nats.connect('sagemaker-collector');
    await bus.ensureStreams(['WORK_SEAL', 'POLLS']);
    const reading = await ledger.open(LEDGER_WRITERS['sagemaker-collector']);
    return new WatchedAccount(nats, ledger, reading, bus, simulator, writer, folder, speed);
  }

  async register(over: Partial<IntegrationSettings> = {}): Promise<void> {
    this.settings = { ...SETTINGS, ...over };
    const target = {
      awsAccountId: '123456789012',
      region: 'eu-west-2',
      roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
      externalId: EXTERNAL_ID,
    };
    const { settings } = this;
    await this.append({
      type: 'IntegrationRegistered',
      data: { ...happened, integrationId: this.id, organisationId: organisationId(), target, settings },
    });
    await this.append({ type: 'IntegrationActivated', data: { ...happened, rows: [] } });
  }

  async change(over: Partial<IntegrationSettings>): Promise<void> {
    this.settings = { ...this.settings, ...over };
    await this.append({ type: 'IntegrationUpdated', data: { ...happened, settings: this.settings } });
  }

  /** Admin commands of the simulator that must be accepted. */
  async run(...commands: JsonObject[]): Promise<void> {
    const answer = await fetch(`${this.simulator.url}/_admin/commands`, {
      method: 'POST',
      body: JSON.stringify({ commands }),
    });
    if (answer.status !== 200) throw new Error(await answer.text());
  }

  /** What the simulator allows in real time. */
  async limit(limits: JsonObject): Promise<void> {
    await fetch(`${this.simulator.url}/_admin/limits`, { method: 'POST', body: JSON.stringify(limits) });
  }

  /** Calls by operation, as the simulator counted them. */
  async calls(): Promise<Record<string, { calls: number; errors: JsonObject; peakPerSecond: number }>> {
    const answer = await fetch(`${this.simulator.url}/_admin/calls`);
    return ((await answer.json()) as { byOperation: Record<string, never> }).byOperation;
  }

  /** Names, as the account's owner lists them. */
  async trainingJobs(): Promise<string[]> {
    const names: string[] = [];
    for await (const page of paginateListTrainingJobs({ client: this.owner }, { MaxResults: 100 }))
      names.push(...(page.TrainingJobSummaries ?? []).map(({ TrainingJobName }) => TrainingJobName as string));
    return names;
  }

  async passes(seconds: number): Promise<void> {
    await fetch(`${this.simulator.url}/_admin/clock`, {
      method: 'POST',
      body: JSON.stringify({ advanceSeconds: seconds }),
    });
  }

  async now(): Promise<number> {
    const answer = await fetch(`${this.simulator.url}/_admin/clock`);
    return Date.parse(((await answer.json()) as { now: string }).now);
  }

  /** A poll, and everything that it published sealed. */
  async poll(kind: PollKind = 'LIVE', forMs = 60_000): Promise<PollEnded> {
    const bus = new Proxy(this.bus, {
      get: (target, name) =>
        name === 'publish'
          ? (subject: string, body: unknown, options: { messageId: string }) => {
              if (subject.startsWith('notice.poll-ended')) this.ends.push(body as PollEnded);
              return target.publish(subject, body, options);
            }
          : Reflect.get(target, name),
    });
    const log = { info: noting, warn: noting, error: noting } as never;
    const now = (): Date => new Date();
    const ports = { ledger: this.reading, bus, accounts: this.accounts, log, partitionOf: () => 0, now };
    await pollAccount(ports)({
      v: 1,
      organisationId: organisationId(),
      awsAccountId: '123456789012',
      region: 'eu-west-2',
      requestedAt: new Date().toISOString(),
      integrationIds: [this.id],
      kind,
      forMs,
    });
    await eventually(async () => (await this.bus.manager.streams.info('WORK_SEAL')).state.messages === 0, {
      deadlineMs: 30_000,
      what: 'The sealing of what was observed',
    });
    return this.ends.at(-1) as PollEnded;
  }

  /** As after a restart of the collector: nothing is remembered but what stands in the ledger. */
  restart(): void {
    this.accounts.close();
    this.accounts = new AwsAccounts(this.speed, async () => []);
  }

  /** What the chain holds of AWS, and of what was lost there, in order. */
  async events(): Promise<Sealed[]> {
    const events: Sealed[] = [];
    for await (const stored of readAll(this.reading, ledgerStreams.chain(organisationId()))) {
      const record = decodeJson<Sealed & { source: string }>(stored.data);
      if (record.source !== 'AWS_SAGEMAKER' && record.eventType !== 'EVIDENCE_LOST') continue;
      if (record.eventType === 'MODEL_REGISTERED') continue;
      const { segment, revision } = decodeJson<RecordMetadata>(stored.metadata);
      const stream = ledgerStreams.payload(organisationId(), segment);
      const [entry] = await this.reading.read(stream, { from: revision, limit: 1 });
      events.push({ ...record, payload: decodeJson(entry?.data.subarray(SALT_BYTES) as Uint8Array) });
    }
    return events;
  }

  async stop(): Promise<void> {
    try {
      await checkLedger(this.reading);
    } finally {
      this.accounts.close();
      await Promise.all([this.writer, this.simulator.process].map(ended));
      await this.nats.stop();
      await this.ledger.remove();
      this.folder.remove();
    }
  }

  private async append(event: IntegrationEvent): Promise<void> {
    const stream = ledgerStreams.integration(this.id);
    await this.ledger.ledger.append(stream, this.revision, [jsonEvent(event.type, event.data)]);
    this.revision += 1;
  }
}

const happened = { at: '2026-03-02T09:00:00.000Z', by: { type: 'SERVICE' as const, id: 'test' } };
const noting = (): void => undefined;

async function startSimulator(folder: string): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, [join(apps, 'aws-simulator/dist/main.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PORT: '0',
      SIMULATOR_DATA_DIR: folder,
      STORY_MODE: 'manual',
      CLOCK_LAG_SECONDS: String(LAG_SECONDS),
      AUDITAL_EXTERNAL_ID: EXTERNAL_ID,
      SEED: 'a fixed seed',
      AUDITAL_EXIT_WITH_STDIN: '1',
    },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually(() => output.includes('\n'), { deadlineMs: 30_000, what: 'The start of the simulator' });
  return { url: (JSON.parse(output.split('\n')[0] as string) as { listening: string }).listening, process: child };
}

function startWriter(folder: string, nats: TestNats, ledgerUrl: string): ChildProcess {
  const master = join(folder, 'master');
  writeFileSync(master, Buffer.alloc(32, 7).toString('hex'), { mode: 0o600 });
  mkdirSync(join(folder, 'checkpoints'));
  return spawn(process.execPath, [join(apps, 'chain-writer/dist/main.js')], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NATS_URL: nats.url,
      NATS_USER: 'chain-writer',
      NATS_PASSWORD: nats.passwords['chain-writer'],
      LEDGER_URL: ledgerUrl,
      MASTER_SECRET_FILE: master,
      CHECKPOINT_STORE_URL: `sqlite:${join(folder, 'checkpoints', 'checkpoints.sqlite')}`,
      INDEX_DIR: join(folder, 'index'),
      HEALTH_PORT: '0',
      PARTITIONS: '1',
      LOG_LEVEL: 'warn',
      AUDITAL_EXIT_WITH_STDIN: '1',
    },
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
