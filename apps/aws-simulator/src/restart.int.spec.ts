import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DescribeEndpointCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  ListMonitoringExecutionsCommand,
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
} from '@aws-sdk/client-sagemaker';
import {
  admin,
  assume,
  build,
  clientsOf,
  type Keys,
  removeFolder,
  run,
  startHere,
  startProcess,
  tempFolder,
} from './testing/harness';

interface StoryView {
  now: string;
  position: number;
  finished: boolean;
  startedAt: string | null;
  waitsFor: string | null;
  steps: { title: string; at: string | null; done: boolean }[];
  expected: { step: number; eventType: string; resource: string; describes: string; match: Record<string, unknown> }[];
}

/** The whole account as an SDK sees it. */
async function accountOf(simulator: { url: string }, keys: Keys) {
  const { sagemaker } = clientsOf(simulator, keys);
  const all = { MaxResults: 100, SortBy: 'CreationTime', SortOrder: 'Ascending' } as const;
  const [training, processing, endpoints, models, executions, prod] = await Promise.all([
    sagemaker.send(new ListTrainingJobsCommand(all)),
    sagemaker.send(new ListProcessingJobsCommand(all)),
    sagemaker.send(new ListEndpointsCommand(all)),
    sagemaker.send(new ListModelsCommand(all)),
    sagemaker.send(new ListMonitoringExecutionsCommand(all)),
    sagemaker
      .send(new DescribeEndpointCommand({ EndpointName: 'credit-scorer-prod' }))
      .catch((error: Error) => error.message),
  ]);
  const answers = [training, processing, endpoints, models, executions, prod];
  return answers.map((answer) => (typeof answer === 'string' ? answer : { ...answer, $metadata: undefined }));
}

const storyOf = async (simulator: { url: string }): Promise<StoryView> =>
  (await admin<StoryView>(simulator, 'GET story')).body;

describe('the account remembers', () => {
  let folder: string;
  beforeAll(() => build(), 60_000);
  beforeEach(() => (folder = tempFolder()));
  afterEach(() => removeFolder(folder));

  it('over kill -9 after every step: the story goes on where it stopped, nothing lost and nothing doubled', async () => {
    const env = { STORY: 'credit-scoring', SPEED: '60' };
    let simulator = await startProcess(folder, env);
    const keys = await assume(simulator);
    const { steps } = await storyOf(simulator);
    for (let position = 0; position < steps.length; position += 1) {
      const asked = admin<{ position: number }>(simulator, 'POST story/next', { after: position });
      // Every second time it dies with the request in flight; asking again must not play two steps.
      if (position % 2) expect((await asked).body.position).toBe(position + 1);
      else asked.catch(() => undefined);
      await simulator.kill9();
      simulator = await startProcess(folder, env);
      const again = await admin<{ position: number; finished: boolean }>(simulator, 'POST story/next', {
        after: position,
      });
      expect(again.body).toMatchObject({ position: position + 1, finished: position + 1 === steps.length });
    }
    const interrupted = await accountOf(simulator, keys);
    const story = await storyOf(simulator);
    expect(story.finished).toBe(true);
    await simulator.stop();

    // The same log from its beginning is the same account; and so is the story played without any interruption.
    const log = readFileSync(join(folder, 'commands.ndjson'), 'utf8').trim().split('\n');
    expect(log.filter((line) => line.includes('"step":'))).toHaveLength(steps.length);
    const other = tempFolder();
    writeFileSync(join(other, 'commands.ndjson'), `${log.slice(0, 2).join('\n')}\n`);
    const uninterrupted = await startProcess(other, env);
    for (let position = 0; position < steps.length; position += 1)
      await admin(uninterrupted, 'POST story/next', { after: position });
    expect(await accountOf(uninterrupted, keys)).toEqual(interrupted);
    await uninterrupted.stop();
    removeFolder(other);
  }, 60_000);

  it('its sessions, tokens and clock over kill -9, and goes on listing where a caller was', async () => {
    const first = await startProcess(folder);
    const keys = await assume(first);
    await run(first, ...['a', 'b', 'c'].map((name) => ({ type: 'createTrainingJob', name })));
    await admin(first, 'POST clock', { advanceSeconds: 100 });
    const { body } = await admin(first, 'GET clock');
    const list = new ListTrainingJobsCommand({ MaxResults: 2 });
    const { NextToken } = await clientsOf(first, keys).sagemaker.send(list);
    await first.kill9();
    const second = await startProcess(folder);
    expect((await admin(second, 'GET clock')).body['now']).toBe(body['now']);
    const next = new ListTrainingJobsCommand({ MaxResults: 2, NextToken });
    const { TrainingJobSummaries } = await clientsOf(second, keys).sagemaker.send(next);
    expect(TrainingJobSummaries?.map((job) => job.TrainingJobName)).toEqual(['c']);
    await second.stop();
  });

  it('ends with its standard input when told to, and cleanly on SIGTERM', async () => {
    const orphan = await startProcess(folder);
    expect(await orphan.endStdin()).toBe(0);
    const other = await startProcess(folder, { AUDITAL_EXIT_WITH_STDIN: '' });
    await other.stop();
    expect(await other.exit).toBe(0);
  });

  it.each([
    [
      'a port that is taken',
      async (url: string) => ({ PORT: new URL(url).port, SIMULATOR_DATA_DIR: tempFolder() }),
      /exit 1: .*cannot listen on/,
    ],
    [
      'another story in the folder',
      async () => ({ STORY: 'credit-scoring' }),
      /exit 1: .*STORY=none, not credit-scoring/,
    ],
    ['a wrong setting', async () => ({ SPEED: 'fast' }), /exit 78: SPEED must be a whole number/],
  ])('refuses to start with %s, in one sentence', async (_, envOf, expected) => {
    const running = await startProcess(folder);
    const env: Record<string, string> = await envOf(running.url);
    await expect(startProcess(folder, env)).rejects.toThrow(expected);
    if (env['SIMULATOR_DATA_DIR']) removeFolder(env['SIMULATOR_DATA_DIR']);
    await running.stop();
  });

  it('who is trusted changes when the environment names another operator', async () => {
    const first = await startHere(folder);
    await assume(first);
    await first.stop();
    const second = await startHere(folder, { env: { AUDITAL_EXTERNAL_ID: 'aud_ext_another0000000000000' } });
    await expect(assume(second)).rejects.toThrow('not authorized');
    await assume(second, { externalId: 'aud_ext_another0000000000000' });
    await second.stop();
  });
});

describe('the story by the clock', () => {
  const STORY_END_SECONDS = 119 * 60;
  let folder: string;
  let real: number;
  const env = { STORY: 'credit-scoring', STORY_MODE: 'clock', SPEED: '60' };
  const start = () => startHere(folder, { env, real: () => real });
  beforeEach(() => {
    folder = tempFolder();
    real = Date.parse('2026-03-02T12:00:00.000Z');
  });
  afterEach(() => removeFolder(folder));

  const watch = async (simulator: { url: string }): Promise<void> => {
    await clientsOf(simulator, await assume(simulator)).sagemaker.send(
      new ListTrainingJobsCommand({ MaxResults: 100 }),
    );
  };

  it('waits until somebody watches; a probe of one permission is nobody', async () => {
    const simulator = await start();
    real += 60_000;
    await clientsOf(simulator, await assume(simulator)).sagemaker.send(new ListTrainingJobsCommand({ MaxResults: 1 }));
    expect(await storyOf(simulator)).toMatchObject({
      position: 0,
      startedAt: null,
      waitsFor: 'the first list call by an assumed role',
    });
    await watch(simulator);
    real += 2_000;
    expect(await storyOf(simulator)).toMatchObject({ position: 2, waitsFor: 'its time' });
    await simulator.stop();
  });

  it('ends in the present, was never ahead of it, and every step came at its time', async () => {
    const simulator = await start();
    await watch(simulator);
    let before = 0;
    // Sixty times as fast as it happened.
    const end = real + (STORY_END_SECONDS * 1000) / 60;
    for (; real < end; real += 500) {
      const now = Date.parse((await storyOf(simulator)).now);
      expect(now).toBeGreaterThan(before);
      expect(now).toBeLessThanOrEqual(real);
      before = now;
    }
    const story = await storyOf(simulator);
    expect(story.finished).toBe(true);
    expect(Date.parse(story.now)).toBe(real);
    expect(Date.parse(story.steps.at(-1)?.at ?? '') - Date.parse(story.startedAt ?? '')).toBe(STORY_END_SECONDS * 1000);
    await simulator.stop();
  });

  it('goes on where it stopped after the process was away for hours, and its time never goes back', async () => {
    const first = await start();
    await watch(first);
    real += 13_000;
    const before = await storyOf(first);
    await first.stop();
    real += 5 * 3_600_000;
    const second = await start();
    const after = await storyOf(second);
    expect(after.position).toBe(before.position);
    expect(after.startedAt).toBe(before.startedAt);
    const passed = Date.parse(after.now) - Date.parse(before.now);
    expect(passed).toBeGreaterThanOrEqual(0);
    expect(passed).toBeLessThanOrEqual(60_000);
    real += (STORY_END_SECONDS * 1000) / 60;
    expect((await storyOf(second)).finished).toBe(true);
    await second.stop();
  });

  it('lives in the present once it is over, also after a pause', async () => {
    const first = await start();
    await watch(first);
    real += 3_600_000;
    expect(await storyOf(first)).toMatchObject({ finished: true, waitsFor: null, now: new Date(real).toISOString() });
    await first.stop();
    real += 3_600_000;
    const second = await start();
    expect((await storyOf(second)).now).toBe(new Date(real).toISOString());
    await second.stop();
  });
});
