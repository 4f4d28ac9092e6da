import type { Integration } from '@audital/contracts';
import type { TrainingJobSummary } from '@aws-sdk/client-sagemaker';
import fc from 'fast-check';
import type { AwsAccount, JobWindow } from './adapters/aws-account';
import { applyChange, type Cursor, emptyCursor } from './domain/cursor';
import { observeTraining } from './observe-training';
import type { Pass } from './pass';
import { observer } from './testing/given';

const T0 = Date.parse('2026-03-02T12:00:00.000Z');
const MINUTE_MS = 60_000;
/** A page holds so few that ten of them are soon full. */
const PAGE_ITEMS = 2;

interface Job {
  name: string;
  createdAt: number;
  endedAt: number;
}
interface Look {
  at: number;
  /** So many pages are answered. */
  pages: number;
  /** How far the replicas that answer are behind: lists in what is new, lists in what has ended, Describe in what is new. */
  lag: { hidden: number; stale: number; unknown: number };
}

const iso = (ms: number): Date => new Date(ms);
const settings = {
  ...observer.settings,
  captureMetrics: false,
  environment: 'test',
  filters: { namePrefix: null, tags: {} },
};
const integration = { settings, target: { region: 'eu-west-2' } } as unknown as Integration;

/** The account at one moment; it answers so many pages, and then no more. */
function accountAt(jobs: Job[], { at, pages, lag }: Look): AwsAccount {
  let left = pages;
  const shown = (job: Job, seenAt: number) => ({
    TrainingJobName: job.name,
    TrainingJobArn: `arn:aws:sagemaker:eu-west-2:123456789012:training-job/${job.name}`,
    CreationTime: iso(job.createdAt),
    TrainingJobStatus: job.endedAt <= seenAt ? 'Completed' : 'InProgress',
    ...(job.endedAt <= seenAt ? { TrainingEndTime: iso(job.endedAt) } : {}),
  });
  const described = (name: string) => {
    const job = jobs.find((one) => one.name === name && one.createdAt <= at - lag.unknown);
    if (job) return Promise.resolve(shown(job, at));
    return Promise.reject(Object.assign(new Error('Requested resource not found.'), { name: 'ResourceNotFound' }));
  };
  async function* list({ from, to }: JobWindow): AsyncGenerator<TrainingJobSummary[]> {
    const found = jobs
      .filter(
        ({ createdAt }) => createdAt > Date.parse(from) && createdAt < Date.parse(to) && createdAt <= at - lag.hidden,
      )
      .sort((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? 1 : -1));
    for (let start = 0; start === 0 || start < found.length; start += PAGE_ITEMS) {
      left -= 1;
      if (left < 0) throw Object.assign(new Error('No answer.'), { name: 'TimeoutError' });
      yield await Promise.resolve(
        found.slice(start, start + PAGE_ITEMS).map((job) => shown(job, at - lag.stale)) as TrainingJobSummary[],
      );
    }
  }
  return {
    listTrainingJobs: list,
    describeTrainingJob: described,
    listTags: () => Promise.resolve({}),
  } as unknown as AwsAccount;
}

/** One poll as poll.ts makes it: what was told stays, whatever becomes of the rest; the mark comes at the end. */
async function poll(jobs: Job[], cursor: Cursor, look: Look): Promise<{ told: string[]; completed: boolean }> {
  const to = iso(look.at).toISOString();
  const own = structuredClone(cursor);
  const told: string[] = [];
  let done = 0;
  const pass = {
    ...{ aws: accountAt(jobs, look), cursor: own, integration, to, items: 0, pages: 0, detected: [] },
    observer: { ...observer, settings, observedAt: to },
    entering: cursor.markedAt === null,
  } as unknown as Pass;
  const tell = (): void => {
    for (const { observations, changes } of pass.detected.slice(done)) {
      told.push(...observations.map(({ eventType, payload }) => `${eventType} ${String(payload['trainingJobName'])}`));
      for (const change of changes) applyChange(cursor, change);
    }
    done = pass.detected.length;
  };
  pass.tellSoFar = (atLeast = 50) => Promise.resolve(pass.detected.length - done >= atLeast ? tell() : undefined);
  try {
    const training = await observeTraining(pass);
    tell();
    const highWater = { training, processing: training };
    applyChange(cursor, { kind: 'mark', at: to, highWater, scope: settings.filters });
    return { told, completed: true };
  } catch {
    tell();
    return { told, completed: false };
  }
}

const minute = (min: number, max: number) =>
  fc.integer({ min: min * 60, max: max * 60 }).map((seconds) => T0 + seconds * 1000);
const jobOf = (createdAt: number, lastsMs: number, index: number): Job => ({
  name: `job-${String(index).padStart(3, '0')}`,
  createdAt,
  endedAt: createdAt + lastsMs,
});
/** Up to ten minutes: facts of AWS say that an overlap of fifteen is enough. */
const lagged = fc.integer({ min: 0, max: 10 * MINUTE_MS });
const lags = fc.record({ hidden: lagged, stale: lagged, unknown: lagged });
const NO_LAG = { hidden: 0, stale: 0, unknown: 0 };

/** Some in a burst, which does not fit into the pages between two tellings, others over hours; polls one to ninety minutes apart. */
const account = fc
  .tuple(
    fc.array(fc.tuple(minute(-12, 0), fc.integer({ min: 1, max: 30 })), { minLength: 30, maxLength: 80 }),
    fc.array(fc.tuple(minute(-600, 240), fc.integer({ min: 1, max: 500 })), { maxLength: 60 }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 45 }), lags), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([burst, spread, polls]) => {
    const jobs = [...burst, ...spread].map(([createdAt, minutes], index) =>
      jobOf(createdAt, minutes * MINUTE_MS, index),
    );
    let end = T0;
    // The first of them looks at the burst's end.
    const looks = polls.map(([after, pages, lag], index): Look => {
      if (index > 0) end += after * MINUTE_MS;
      return { at: end, pages, lag };
    });
    return { jobs, looks, end };
  });

it('however often a first poll is interrupted, and however far replicas are behind: all that ends afterwards is told, once, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(account, async ({ jobs, looks, end }) => {
      const cursor = emptyCursor();
      const told: string[] = [];
      /** The first look of which something stayed. */
      let entered: number | null = null;
      /** Running when they were registered, or begun since. */
      const followed = new Set<string>();
      const last = [end + 60 * MINUTE_MS, end + 1_200 * MINUTE_MS, end + 1_201 * MINUTE_MS];
      for (const look of [...looks, ...last.map((at) => ({ at, pages: Infinity, lag: NO_LAG }))]) {
        const one = await poll(jobs, cursor, look);
        told.push(...one.told);
        if (one.completed || cursor.entries.training) entered ??= look.at;
        for (const { name, openStatus } of cursor.jobs.training.values()) if (openStatus !== null) followed.add(name);
      }
      const since = entered as unknown as number;
      for (const job of jobs) if (job.createdAt >= since) followed.add(job.name);
      // What ended while the replicas that answered were behind may be told: nobody could know better.
      const old = jobs.filter(({ endedAt }) => endedAt <= since - 10 * MINUTE_MS);
      const completed = (name: string): string => `TRAINING_COMPLETED ${name}`;
      expect([...told].sort()).toEqual([...new Set(told)].sort());
      expect(told.filter((one) => !one.startsWith('TRAINING_COMPLETED'))).toEqual([]);
      expect([...followed].filter((name) => !told.includes(completed(name)))).toEqual([]);
      expect(old.filter(({ name }) => told.includes(completed(name)))).toEqual([]);
    }),
    { seed: 20_260_302, numRuns: process.env['AUDITAL_LONG'] ? 3_000 : 200 },
  );
}, 120_000);
