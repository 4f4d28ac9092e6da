import {
  DescribeTrainingJobCommand,
  ListEndpointsCommand,
  ListProcessingJobsCommand,
  ListTagsCommand,
  ListTrainingJobsCommand,
  type ListTrainingJobsCommandInput,
  paginateListTrainingJobs,
  type SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import {
  admin,
  refusalOf,
  removeFolder,
  run,
  type Running,
  sageMakerOf,
  startHere,
  tempFolder,
} from './testing/harness';

const at = (minute: number): string => new Date(start + minute * 60_000).toISOString();
let start: number;

describe('lists', () => {
  let folder: string;
  let simulator: Running;
  let sagemaker: SageMakerClient;
  beforeAll(async () => {
    folder = tempFolder();
    simulator = await startHere(folder);
    sagemaker = await sageMakerOf(simulator);
    const { body } = await admin<{ now: string }>(simulator, 'GET clock');
    start = Date.parse(body.now) - 10 * 3_600_000;
    const jobs = Array.from({ length: 25 }, (_, index) => ({
      name: `${index % 2 ? 'churn' : 'credit'}-${index}`,
      at: at(index),
    }));
    await run(simulator, ...jobs.map((job) => ({ type: 'createTrainingJob', ...job })), {
      type: 'failTrainingJob',
      name: 'credit-24',
      reason: 'why not',
      at: at(60),
    });
  });
  afterAll(async () => {
    await simulator.stop();
    removeFolder(folder);
  });

  const list = (input: ListTrainingJobsCommandInput) => sagemaker.send(new ListTrainingJobsCommand(input));
  const names = (output: Awaited<ReturnType<typeof list>>) =>
    (output.TrainingJobSummaries ?? []).map((job) => job.TrainingJobName);

  async function pages(input: ListTrainingJobsCommandInput): Promise<(string | undefined)[][]> {
    const found: (string | undefined)[][] = [];
    for await (const page of paginateListTrainingJobs({ client: sagemaker }, input)) found.push(names(page));
    return found;
  }

  it('give ten at a time unless told otherwise, oldest first for training jobs', async () => {
    const first = await list({});
    expect(names(first)).toHaveLength(10);
    expect(names(first)[0]).toBe('credit-0');
    expect(await pages({}).then((all) => all.map((page) => page.length))).toEqual([10, 10, 5]);
    expect(names(await list({ SortOrder: 'Descending', MaxResults: 2 }))).toEqual(['credit-24', 'churn-23']);
  });

  it('begin with empty pages when told so, and the SDK follows them to what lies behind', async () => {
    await admin(simulator, 'POST limits', { emptyPages: { ListTrainingJobs: 3 } });
    const found = await pages({ MaxResults: 100 });
    await admin(simulator, 'POST limits', {});
    expect(found.map((page) => page.length)).toEqual([0, 0, 0, 25]);
  });

  it.each([
    [0, 'greater than or equal to 1'],
    [101, 'less than or equal to 100'],
  ])('refuse MaxResults=%i', async (MaxResults, constraint) => {
    expect(await refusalOf(list({ MaxResults }))).toEqual({
      name: 'ValidationException',
      status: 400,
      message: `1 validation error detected: Value '${MaxResults}' at 'maxResults' failed to satisfy constraint: Member must have value ${constraint}`,
    });
  });

  it('apply every filter but that of creation time after the page is cut, so pages are empty and go on', async () => {
    expect(await pages({ StatusEquals: 'Failed' })).toEqual([[], [], ['credit-24']]);
    expect((await pages({ NameContains: 'churn', MaxResults: 5 })).map((page) => page.length)).toEqual([2, 3, 2, 3, 2]);
    const tomorrow = new Date(start + 86_400_000);
    expect(await pages({ LastModifiedTimeAfter: tomorrow })).toEqual([[], [], []]);
    const first = await list({ StatusEquals: 'Failed' });
    expect(first).toMatchObject({ TrainingJobSummaries: [], NextToken: expect.any(String) as string });
  });

  it('are shortened by a creation window sorted by creation time, and by no other order', async () => {
    const window = { CreationTimeAfter: new Date(at(3)), CreationTimeBefore: new Date(at(8)) };
    expect(await pages({ ...window, SortBy: 'CreationTime' })).toEqual([
      ['credit-4', 'churn-5', 'credit-6', 'churn-7'],
    ]);
    const byName = await pages({ ...window, SortBy: 'Name' });
    expect(byName).toHaveLength(3);
    expect(byName.flat().sort()).toEqual(['churn-5', 'churn-7', 'credit-4', 'credit-6']);
    expect((await pages({ CreationTimeAfter: new Date(Date.now()) })).flat()).toEqual([]);
  });

  it('sort by name and status in both orders', async () => {
    expect(names(await list({ SortBy: 'Name', MaxResults: 2 }))).toEqual(['churn-1', 'churn-11']);
    expect(names(await list({ SortBy: 'Status', MaxResults: 1 }))).toEqual(['credit-24']);
    expect((await refusalOf(list({ SortBy: 'Size' as 'Name' }))).message).toContain("Value 'Size' at 'sortBy'");
    expect((await refusalOf(list({ NameContains: 'a b' }))).message).toContain('nameContains');
  });

  it('freeze their tokens to the request, sign them, and let them expire', async () => {
    const { NextToken } = await list({ MaxResults: 5 });
    expect(names(await list({ MaxResults: 5, NextToken }))[0]).toBe('churn-5');
    expect((await refusalOf(list({ MaxResults: 6, NextToken }))).message).toContain('other parameters');
    const altered = `${NextToken?.startsWith('A') ? 'B' : 'A'}${NextToken?.slice(1)}`;
    expect(await refusalOf(list({ MaxResults: 5, NextToken: altered }))).toMatchObject({ name: 'ValidationException' });
    await admin(simulator, 'POST limits', { tokenLifetimeSeconds: 60 });
    await admin(simulator, 'POST clock', { advanceSeconds: 61 });
    expect((await refusalOf(list({ MaxResults: 5, NextToken }))).message).toBe('The NextToken has expired.');
    await admin(simulator, 'POST limits', {});
  });

  it('go on behind the last item even if it was deleted in between, and whatever came meanwhile', async () => {
    await run(simulator, { type: 'createTrainingJob', name: 'doomed', at: at(-1) });
    const { NextToken } = await list({ MaxResults: 1 });
    await run(
      simulator,
      { type: 'deleteTrainingJob', name: 'doomed' },
      { type: 'createTrainingJob', name: 'earlier', at: at(-2) },
    );
    expect(names(await list({ MaxResults: 1, NextToken }))).toEqual(['credit-0']);
    await run(simulator, { type: 'deleteTrainingJob', name: 'earlier' });
  });

  it('show a new resource late, as eventually consistent reads do; Describe knows it at once', async () => {
    await admin(simulator, 'POST limits', { visibilityDelayMs: 30_000 });
    await run(simulator, { type: 'createTrainingJob', name: 'fresh' });
    const newest = { SortOrder: 'Descending', MaxResults: 1 } as const;
    expect(names(await list(newest))).toEqual(['credit-24']);
    await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'fresh' }));
    await admin(simulator, 'POST clock', { advanceSeconds: 30 });
    expect(names(await list(newest))).toEqual(['fresh']);
    await admin(simulator, 'POST limits', {});
    await run(simulator, { type: 'deleteTrainingJob', name: 'fresh' });
  });

  it('are of one region', async () => {
    await run(simulator, { type: 'createTrainingJob', region: 'us-east-1', name: 'elsewhere' });
    const other = await sageMakerOf(simulator, 'us-east-1');
    const { TrainingJobSummaries } = await other.send(new ListTrainingJobsCommand({ MaxResults: 100 }));
    expect(TrainingJobSummaries?.map((job) => job.TrainingJobArn)).toEqual([
      'arn:aws:sagemaker:us-east-1:123456789012:training-job/elsewhere',
    ]);
  });

  it('cost three calls over half a million jobs, and a page is quick wherever it lies', async () => {
    const folderOfHistory = tempFolder();
    const big = await startHere(folderOfHistory);
    const client = await sageMakerOf(big);
    const { body } = await admin<{ now: string }>(big, 'GET clock');
    const history = { prefix: 'old', count: 500_000, from: '2024-01-01T00:00:00Z', to: body.now };
    await run(big, { type: 'addTrainingJobHistory', ...history });
    const window = {
      CreationTimeAfter: new Date(Date.parse(body.now) - 900_000),
      SortBy: 'CreationTime',
      MaxResults: 100,
    } as const;
    const startedAt = performance.now();
    const quiet = await client.send(new ListTrainingJobsCommand(window));
    await client.send(new ListProcessingJobsCommand({ ...window }));
    await client.send(new ListEndpointsCommand({ MaxResults: 100 }));
    const middle = await client.send(
      new ListTrainingJobsCommand({
        CreationTimeAfter: new Date('2025-01-01T00:00:00Z'),
        SortBy: 'CreationTime',
        MaxResults: 100,
      }),
    );
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(quiet.NextToken).toBeUndefined();
    expect(middle.TrainingJobSummaries).toHaveLength(100);
    const job = middle.TrainingJobSummaries?.[0];
    const described = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: job?.TrainingJobName }));
    expect(described).toMatchObject({ TrainingJobArn: job?.TrainingJobArn, CreationTime: job?.CreationTime });
    expect((await client.send(new ListTagsCommand({ ResourceArn: job?.TrainingJobArn }))).Tags).toEqual([]);
    await big.stop();
    removeFolder(folderOfHistory);
  });
});
