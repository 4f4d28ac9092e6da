import { join } from 'node:path';
import type { AuditEvent } from '@audital/contracts';
import { eventually, seeded, tempFolder, type TempFolder } from '@audital/testing';
import { SimulatedAccount } from './simulated-account';
import { System, verifyFolder } from './system';
import { giveLedger, takeLedger } from './system-ledger';

/**
 * The whole chaos (AUDITAL_LONG=1: eight minutes on two busy cores, most of it the throttled Describes), and the share of it that every
 * run of the tests can afford. `workMs`: so long the jobs keep coming.
 */
const SIZE = process.env['AUDITAL_LONG']
  ? { jobs: 5_000, shared: 500, waves: 80, workMs: 80_000, blackoutMs: 600_000, killEveryMs: 20_000, killsMin: 8 }
  : { jobs: 240, shared: 24, waves: 10, workMs: 8_000, blackoutMs: 240_000, killEveryMs: 7_000, killsMin: 2 };
const DEADLINE_MS = process.env['AUDITAL_LONG'] ? 900_000 : 120_000;
const SEED = 20_260_302;
/**
 * Intervals and call budgets are so many times those of a real account. The account's clock runs as fast, too, for the two hours that its
 * story lasts, which is two minutes: all jobs and the blackout lie in them.
 */
const SPEED = 60;
/** One call in twenty is throttled, one in a hundred answers 500. */
const TROUBLE = { throttleRate: 0.05, errorRate: 0.01, errorStatus: 500, seed: SEED };
/** Adaptive retries slow a throttled region down to some ten calls a second, so the jobs are spread. */
const REGIONS = ['eu-west-2', 'eu-west-1', 'eu-central-1', 'us-east-1'] as const;
/** What all names have before what looks like a time stamp: one model. */
const PREFIX = 'chaos-scorer';

let folder: TempFolder;
let system: System;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await system.stop();
  folder.remove();
}, 60_000);

type Random = () => number;

interface Job {
  name: string;
  region: string;
}

/** Jobs of a busy team: they come in waves, some end between two polls, others live for several, and each ends in its own way. */
class Team {
  private readonly open: Job[] = [];
  private created = 0;
  private inWaves = 0;
  private readonly perWave = Math.ceil((SIZE.jobs - SIZE.shared) / SIZE.waves);

  constructor(
    private readonly account: SimulatedAccount,
    private readonly random: Random,
  ) {}

  async wave(): Promise<void> {
    const now = await this.account.now();
    const count = Math.min(this.perWave, SIZE.jobs - SIZE.shared - this.inWaves);
    this.inWaves += count;
    const times = Array.from({ length: count }, () => now - 1 - Math.floor(this.random() * 20_000));
    await this.begin(
      times.sort((a, b) => a - b),
      () => REGIONS[Math.floor(this.random() * REGIONS.length)] as string,
    );
    await this.end(() => this.random() < 0.5);
  }

  /** So many in one call of a pipeline that AWS gives them one creation time. */
  async atOnce(): Promise<void> {
    const now = await this.account.now();
    const times = Array.from({ length: SIZE.shared }, () => now - 1);
    await this.begin(times, () => REGIONS[0]);
  }

  async endAll(): Promise<void> {
    await this.end(() => true);
  }

  private async begin(times: number[], regionOf: () => string): Promise<void> {
    const commands = times.map((at) => {
      const job = { name: `${PREFIX}-${1_000_000_000 + this.created}`, region: regionOf() };
      this.created += 1;
      this.open.push(job);
      return { type: 'createTrainingJob', ...job, at: new Date(at).toISOString() };
    });
    await this.account.run(commands);
  }

  private async end(which: () => boolean): Promise<void> {
    const ending = this.open.filter(which);
    await this.account.run(ending.map((job) => this.ending(job)));
    this.open.splice(0, this.open.length, ...this.open.filter((job) => !ending.includes(job)));
  }

  private ending(job: Job) {
    const chance = this.random();
    if (chance < 0.1) return { type: 'failTrainingJob', ...job, reason: 'AlgorithmError: exit code 1' };
    if (chance < 0.2) return { type: 'stopTrainingJob', ...job, secondaryStatus: 'MaxRuntimeExceeded' };
    return { type: 'completeTrainingJob', ...job, metrics: [{ name: 'validation:auc', value: chance }] };
  }
}

/** kill -9 of one process after the other, in an order of chance: none is spared, and none comes again before all the others. */
function killing(random: Random): { killed: string[]; stop: () => void } {
  const killed: string[] = [];
  const order: string[] = [];
  const next = (): string => {
    const names = Object.keys(system.run.pids).filter((name) => name !== 'launcher');
    if (order.length === 0) order.push(...names.sort());
    return order.splice(Math.floor(random() * order.length), 1)[0] as string;
  };
  const timer = setInterval(() => {
    const name = next();
    // One that is dead already stays so: the next turn is another's.
    system.kill(name).then(
      () => killed.push(name),
      () => undefined,
    );
  }, SIZE.killEveryMs);
  return { killed, stop: () => clearInterval(timer) };
}

async function watched(region: string): Promise<string> {
  const body = {
    awsAccountId: '123456789012',
    region,
    roleArn: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole',
    externalId: system.run.externalId,
    syncInterval: 60,
    captureMetrics: false,
    filters: { namePrefix: PREFIX, tags: {} },
  };
  const { body: made } = await system.call<{ id: string }>('POST', '/v1/integrations/sagemaker', { body });
  await eventually(
    async () => {
      const path = `/v1/integrations/sagemaker/${made.id}`;
      const { body: view } = await system.call<{ status: string; lastPolledAt: string | null }>('GET', path);
      return view.status === 'ACTIVE' && view.lastPolledAt !== null;
    },
    { deadlineMs: 30_000, what: `A first poll of ${made.id}` },
  );
  return made.id;
}

/** AWS answers nobody for so long, by its own clock. */
async function blackout(account: SimulatedAccount): Promise<{ from: number; to: number }> {
  await account.faults({ unreachableRate: 1 });
  const from = await account.now();
  await eventually(async () => (await account.now()) >= from + SIZE.blackoutMs, {
    deadlineMs: SIZE.blackoutMs,
    what: 'The end of the blackout',
  });
  const to = await account.now();
  await account.faults(TROUBLE);
  return { from, to };
}

async function plays(account: SimulatedAccount, random: Random): Promise<{ from: number; to: number }> {
  const team = new Team(account, random);
  const dark = wait(SIZE.workMs / 4).then(() => blackout(account));
  for (let wave = 0; wave < SIZE.waves; wave += 1) {
    if (wave === SIZE.waves / 2) await team.atOnce();
    await Promise.all([team.wave(), wait(SIZE.workMs / SIZE.waves)]);
  }
  await team.endAll();
  return dark;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const keyOf = ({ payload }: AuditEvent): string =>
  ['trainingJobArn', 'createdAt', 'trainingJobStatus'].map((name) => String(payload?.[name])).join(' | ');

/** One gap, opened and closed, covers the whole blackout: in every integration, for all of them were blind. */
async function blackoutTold(integrationId: string, dark: { from: number; to: number }): Promise<void> {
  const at = (time: unknown): number => Date.parse(String(time));
  await eventually(
    async () => {
      const gaps = (await system.events({ eventType: 'COVERAGE_GAP', integrationId }, 100)).map(
        ({ payload }) => payload,
      );
      return gaps.some(
        (gap) => gap?.['state'] === 'CLOSED' && at(gap['from']) <= dark.from && at(gap['to']) >= dark.to,
      );
    },
    { deadlineMs: 30_000, what: `A COVERAGE_GAP of ${integrationId} from ${new Date(dark.from).toISOString()}` },
  );
}

/** What a chaos of trainings can leave in the chain. An EVIDENCE_LOST or a deployment beside it would be invented. */
const EXPECTED = ['TRAINING_COMPLETED', 'MODEL_REGISTERED', 'CONFIG_CHANGE', 'COVERAGE', 'COVERAGE_GAP'];
const strangersIn = async (integrationId: string): Promise<string[]> => {
  const events = await system.events({ integrationId }, 100);
  return events.map(({ eventType }) => eventType).filter((eventType) => !EXPECTED.includes(eventType));
};

const toldJobs = async (): Promise<string[]> => {
  const events = await system.events({ eventType: 'TRAINING_COMPLETED' }, 100);
  return events.map(keyOf).filter((key) => key.includes(`/${PREFIX}-`));
};

it(
  'loses, doubles and invents nothing while everything dies in turn, and tells the blackout',
  async () => {
    await giveLedger(join(folder.path, 'data'));
    system = await new System(join(folder.path, 'data'), ['--speed', String(SPEED)]).started();
    const account = new SimulatedAccount(system.run.simulator as string);
    const integrations = await Promise.all(REGIONS.map(watched));
    await account.faults(TROUBLE);
    const kills = killing(seeded(SEED));
    const dark = await plays(account, seeded(SEED + 1));
    await eventually(
      async () => {
        await wait(1_000);
        return kills.killed.length >= SIZE.killsMin && (await toldJobs()).length >= SIZE.jobs;
      },
      { deadlineMs: DEADLINE_MS, what: `The end of ${SIZE.jobs} jobs in the chain` },
    ).finally(kills.stop);
    await account.faults({});

    const told = await eventually(toldJobs, { deadlineMs: 30_000, what: 'The list of events' });
    const happened = (await Promise.all(REGIONS.map((region) => account.endedJobs(region, PREFIX)))).flat();
    expect(happened).toHaveLength(SIZE.jobs);
    const [inChain, inAws] = [new Set(told), new Set(happened)];
    expect({
      missing: happened.filter((job) => !inChain.has(job)),
      invented: told.filter((job) => !inAws.has(job)),
      doubled: told.length - inChain.size,
    }).toEqual({ missing: [], invented: [], doubled: 0 });
    for (const integrationId of integrations) {
      expect(await strangersIn(integrationId)).toEqual([]);
      await blackoutTold(integrationId, dark);
    }
    await system.stop();
    expect(await system.exit).toBe(0);
    await verifyFolder(system.data);
    await takeLedger(system.data);
    process.stderr.write(`killed: ${kills.killed.join(', ')}; ${told.length} jobs told once each\n`);
  },
  DEADLINE_MS + 300_000,
);
