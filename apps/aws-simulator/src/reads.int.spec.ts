import { GetMetricDataCommand, ListMetricsCommand, paginateGetMetricData } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListModelsCommand,
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
  paginateListTrainingJobs,
} from '@aws-sdk/client-sagemaker';
import { THROTTLE_NAMES } from './domain/faults';
import {
  admin,
  assume,
  clientsOf,
  refusalOf,
  removeFolder,
  run,
  type Running,
  startHere,
  tempFolder,
} from './testing/harness';

const MINUTE_MS = 60_000;

describe('reads that do not agree', () => {
  let folder: string;
  let simulator: Running;
  let clients: ReturnType<typeof clientsOf>;
  beforeEach(async () => {
    folder = tempFolder();
    simulator = await startHere(folder);
    clients = clientsOf(simulator, await assume(simulator));
  });
  afterEach(async () => {
    await simulator.stop();
    removeFolder(folder);
  });
  const limit = (limits: object) => admin(simulator, 'POST limits', limits);
  const pass = (seconds: number) => admin(simulator, 'POST clock', { advanceSeconds: seconds });
  const now = async () => Date.parse((await admin<{ now: string }>(simulator, 'GET clock')).body.now);

  it('a list misses the end of a job for a while; Describe knows it', async () => {
    await limit({ staleListMs: 30_000 });
    await run(
      simulator,
      { type: 'createTrainingJob', name: 'job' },
      { type: 'completeTrainingJob', name: 'job' },
      { type: 'createProcessingJob', name: 'run' },
      { type: 'endProcessingJob', name: 'run', status: 'Failed', failureReason: 'why not' },
    );
    const listed = async () => {
      const training = await clients.sagemaker.send(new ListTrainingJobsCommand({}));
      const processing = await clients.sagemaker.send(new ListProcessingJobsCommand({}));
      const [job, one] = [training.TrainingJobSummaries?.[0], processing.ProcessingJobSummaries?.[0]];
      return [job?.TrainingJobStatus, job?.SecondaryStatus, one?.ProcessingJobStatus, one?.FailureReason];
    };
    expect(await listed()).toEqual(['InProgress', 'Training', 'InProgress', undefined]);
    const described = await clients.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'job' }));
    expect(described.TrainingJobStatus).toBe('Completed');
    await pass(30);
    expect(await listed()).toEqual(['Completed', 'Completed', 'Failed', 'why not']);
  });

  it('Describe does not know what is new; the list shows it', async () => {
    await limit({ describeDelayMs: 30_000 });
    await run(
      simulator,
      { type: 'createTrainingJob', name: 'job' },
      { type: 'createProcessingJob', name: 'run' },
      { type: 'createModel', name: 'm', spec: {} },
      { type: 'createEndpointConfig', name: 'c', variants: [{ modelName: 'm' }] },
      { type: 'createEndpoint', name: 'e', configName: 'c' },
    );
    const { sagemaker } = clients;
    const describe = () => [
      sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'job' })),
      sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: 'run' })),
      sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'e' })),
    ];
    for (const call of describe()) expect((await refusalOf(call)).message).toMatch(/not found|Could not find/);
    expect((await sagemaker.send(new ListTrainingJobsCommand({}))).TrainingJobSummaries).toHaveLength(1);
    await pass(30);
    await Promise.all(describe());
  });

  it('lists of processing jobs may leave exit messages out', async () => {
    await run(
      simulator,
      { type: 'createProcessingJob', name: 'run' },
      { type: 'endProcessingJob', name: 'run', status: 'Completed', exitMessage: 'CompletedWithViolations: 3' },
    );
    const message = async () =>
      (await clients.sagemaker.send(new ListProcessingJobsCommand({}))).ProcessingJobSummaries?.[0]?.ExitMessage;
    expect(await message()).toBe('CompletedWithViolations: 3');
    await limit({ exitMessageInLists: false });
    expect(await message()).toBeUndefined();
  });

  it('pages may be shorter than was asked for, and the last one empty', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `job-${index}`);
    await run(simulator, ...names.map((name) => ({ type: 'createTrainingJob', name })));
    const pages = async () => {
      const found: number[] = [];
      for await (const page of paginateListTrainingJobs({ client: clients.sagemaker }, { MaxResults: 100 }))
        found.push(page.TrainingJobSummaries?.length ?? 0);
      return found;
    };
    await limit({ pageItemsMax: 4 });
    expect(await pages()).toEqual([4, 2]);
    await limit({ pageItemsMax: 3, emptyLastPage: true });
    expect(await pages()).toEqual([3, 3, 0]);
  });

  it('a tuner starts trainings that share creation time, parent, and their names but for the end', async () => {
    await run(simulator, { type: 'createTuningJob', name: 'tune', count: 3, tags: { Team: 'a' } });
    const { TrainingJobSummaries: listed = [] } = await clients.sagemaker.send(new ListTrainingJobsCommand({}));
    expect(listed.map(({ TrainingJobName }) => TrainingJobName?.replace(/[0-9a-f]{8}$/, 'X'))).toEqual([
      'tune-001-X',
      'tune-002-X',
      'tune-003-X',
    ]);
    expect(new Set(listed.map(({ CreationTime }) => CreationTime?.getTime())).size).toBe(1);
    const { TrainingJobName } = listed[1] ?? {};
    expect(await clients.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName }))).toMatchObject({
      TuningJobArn: 'arn:aws:sagemaker:eu-west-2:123456789012:hyper-parameter-tuning-job/tune',
    });
  });

  it.each(Object.entries(THROTTLE_NAMES))('throttles as %s, with status %i', async (throttleAs, status) => {
    await admin(simulator, 'POST faults', { throttleRate: 1, throttleAs });
    expect(await refusalOf(clients.sagemaker.send(new ListModelsCommand({})))).toMatchObject({
      name: throttleAs,
      status,
    });
  });

  it('a bucket lies in one region, and redirects from every other', async () => {
    const address = { Bucket: 'ohio', Key: 'report.json' };
    await run(simulator, { type: 'putObject', region: 'us-east-2', bucket: 'ohio', key: 'report.json', body: '{}' });
    expect(await refusalOf(clients.s3.send(new GetObjectCommand(address)))).toMatchObject({
      name: 'PermanentRedirect',
      status: 301,
    });
    const following = new S3Client({
      endpoint: simulator.url,
      region: 'eu-west-2',
      credentials: await assume(simulator),
      forcePathStyle: true,
      followRegionRedirects: true,
    });
    const { Body } = await following.send(new GetObjectCommand(address));
    expect(await Body?.transformToString()).toBe('{}');
    await following.send(new HeadBucketCommand({ Bucket: 'ohio' }));
  });

  describe('CloudWatch', () => {
    const Namespace = '/aws/sagemaker/TrainingJobs';
    const metric = (MetricName: string) => ({ Namespace, MetricName });
    const put = (name: string, times: number[]) =>
      run(simulator, {
        type: 'putMetricData',
        namespace: Namespace,
        metrics: times.map((at, value) => ({ name, dimensions: {}, value, at: new Date(at).toISOString() })),
      });
    const query = (Id: string, MetricName: string, Period = 60) => ({
      Id,
      MetricStat: { Metric: metric(MetricName), Period, Stat: 'Average' },
    });

    it('shows a new metric late in lists; who knows its name can read it at once', async () => {
      await limit({ metricDelayMs: 15 * MINUTE_MS });
      const at = (await now()) - MINUTE_MS;
      await put('auc', [at]);
      const listed = async () => (await clients.cloudwatch.send(new ListMetricsCommand({ Namespace }))).Metrics?.length;
      expect(await listed()).toBe(0);
      const window = { StartTime: new Date(at - MINUTE_MS), EndTime: new Date(at + MINUTE_MS) };
      const read = new GetMetricDataCommand({ ...window, MetricDataQueries: [query('m', 'auc')] });
      expect((await clients.cloudwatch.send(read)).MetricDataResults?.[0]?.Values).toEqual([0]);
      await pass(15 * 60);
      expect(await listed()).toBe(1);
    });

    it('cuts points into pages: what goes on is PartialData, and each point comes once', async () => {
      const at = (await now()) - 60 * MINUTE_MS;
      const minutes = (count: number) => Array.from({ length: count }, (_, minute) => at + minute * MINUTE_MS);
      await put('a', minutes(5));
      await put('b', minutes(4));
      await limit({ metricPointsPerPage: 3 });
      const input = {
        StartTime: new Date(at - MINUTE_MS),
        EndTime: new Date(at + 30 * MINUTE_MS),
        ScanBy: 'TimestampAscending' as const,
        MetricDataQueries: [query('a', 'a'), query('none', 'nothing'), query('b', 'b')],
      };
      const pages: string[] = [];
      for await (const page of paginateGetMetricData({ client: clients.cloudwatch }, input))
        pages.push(
          (page.MetricDataResults ?? [])
            .map(({ Id, Values, StatusCode }) => `${Id} ${Values?.join(',')} ${StatusCode}`)
            .join(' | '),
        );
      expect(pages).toEqual([
        'a 0,1,2 PartialData | none  Complete',
        'a 3,4 Complete | b 0 PartialData',
        'b 1,2,3 Complete',
      ]);
    });

    it('forgets points of a minute after 15 days, those of an hour much later', async () => {
      const at = (await now()) - 16 * 86_400_000;
      await put('auc', [at]);
      const window = { StartTime: new Date(at - 3_600_000), EndTime: new Date(at + 3_600_000) };
      const read = async (period: number) =>
        (
          await clients.cloudwatch.send(
            new GetMetricDataCommand({ ...window, MetricDataQueries: [query('m', 'auc', period)] }),
          )
        ).MetricDataResults?.[0]?.Values?.length;
      expect([await read(60), await read(3600)]).toEqual([0, 1]);
    });
  });
});
