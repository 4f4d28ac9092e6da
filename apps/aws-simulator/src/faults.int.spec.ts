import { ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeModelCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import {
  admin,
  assume,
  clientsOf,
  type Keys,
  refusalOf,
  removeFolder,
  run,
  type Running,
  startHere,
  tempFolder,
} from './testing/harness';

describe('a bad day', () => {
  let folder: string;
  let simulator: Running;
  let keys: Keys;
  let clients: ReturnType<typeof clientsOf>;
  beforeEach(async () => {
    folder = tempFolder();
    simulator = await startHere(folder);
    keys = await assume(simulator);
    clients = clientsOf(simulator, keys);
  });
  afterEach(async () => {
    await simulator.stop();
    removeFolder(folder);
  });

  interface CallsView {
    total: number;
    byOperation: Record<
      string,
      { calls: number; errors: Record<string, number>; retries: number; peakPerSecond: number }
    >;
    byCaller: Record<string, Record<string, number>>;
    recent: { operation: string; status: number; error: string | null }[];
  }
  const calls = async (): Promise<CallsView> => (await admin<CallsView>(simulator, 'GET calls?recent=50')).body;

  it('throttles under the name that each service has for it', async () => {
    await admin(simulator, 'POST faults', { throttleRate: 1 });
    expect(await refusalOf(clients.sagemaker.send(new ListModelsCommand({})))).toEqual({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      status: 400,
    });
    expect((await refusalOf(clients.cloudwatch.send(new ListMetricsCommand({})))).name).toBe('Throttling');
    await admin(simulator, 'POST faults', {});
    await clients.sagemaker.send(new ListModelsCommand({}));
  });

  it('answers 503 or 500 without a body, and sometimes nothing at all', async () => {
    await admin(simulator, 'POST faults', { errorRate: 1 });
    expect(await refusalOf(clients.sagemaker.send(new ListModelsCommand({})))).toMatchObject({ status: 503 });
    await admin(simulator, 'POST faults', { errorRate: 1, errorStatus: 500 });
    expect(await refusalOf(clients.sagemaker.send(new ListModelsCommand({})))).toMatchObject({ status: 500 });
    await admin(simulator, 'POST faults', { unreachableRate: 1 });
    expect((await refusalOf(clients.sagemaker.send(new ListModelsCommand({})))).message).toMatch(/hang up|ECONNRESET/);
  });

  it('has a budget for each operation, and counts what callers do with it', async () => {
    await admin(simulator, 'POST limits', { listPerSecond: 2, burst: 2 });
    await admin(simulator, 'DELETE calls');
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => clients.sagemaker.send(new ListEndpointsCommand({}))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    await clients.sagemaker.send(new ListModelsCommand({}));
    await refusalOf(clients.sagemaker.send(new DescribeModelCommand({ ModelName: 'none' })));
    const view = await calls();
    expect(view.total).toBe(8);
    expect(view.byOperation['ListEndpoints']).toEqual({
      calls: 6,
      errors: { ThrottlingException: 4 },
      retries: 0,
      peakPerSecond: 6,
    });
    expect(view.byCaller['arn:aws:sts::123456789012:assumed-role/AuditalSageMakerRole/audital-int_test']).toEqual({
      ListEndpoints: 6,
      ListModels: 1,
      DescribeModel: 1,
    });
    expect(view.recent[7]).toMatchObject({ operation: 'DescribeModel', status: 400, error: 'ValidationException' });
  });

  it('lets the SDK retry its way through, and shows that it did', async () => {
    await admin(simulator, 'POST faults', { errorRate: 0.5, seed: 3 });
    const patient = new SageMakerClient({
      endpoint: simulator.url,
      region: 'eu-west-2',
      credentials: keys,
      maxAttempts: 8,
    });
    for (let call = 0; call < 5; call += 1) await patient.send(new ListModelsCommand({}));
    const { calls: tried, retries, errors } = (await calls()).byOperation['ListModels'] ?? {};
    expect(tried).toBe(5 + (retries ?? 0));
    expect(errors).toEqual({ ServiceUnavailable: retries });
    expect(retries).toBeGreaterThan(0);
  });

  it('spoils the Date header when asked; without that an account of the past does not look like a wrong clock', async () => {
    const dateOf = async () => {
      const response = await fetch(simulator.url, {
        method: 'POST',
        headers: { 'x-amz-target': 'SageMaker.ListModels' },
      });
      return { date: Date.parse(response.headers.get('date') ?? ''), age: response.headers.get('age') };
    };
    const now = Date.parse((await admin<{ now: string }>(simulator, 'GET clock')).body.now);
    const honest = await dateOf();
    expect(honest.date).toBe(Math.floor(now / 1000) * 1000);
    expect(Number(honest.age)).toBeGreaterThanOrEqual(86_400);
    const patient = new SageMakerClient({ endpoint: simulator.url, region: 'eu-west-2', credentials: keys });
    await refusalOf(patient.send(new DescribeModelCommand({ ModelName: 'none' })));
    expect((await calls()).byOperation['DescribeModel']?.retries).toBe(0);
    await admin(simulator, 'POST faults', { clockSkewMs: 600_000 });
    const skewed = await dateOf();
    expect(skewed).toEqual({ date: honest.date + 600_000, age: null });
  });

  it('remembers its faults, for they are commands like all others', async () => {
    await admin(simulator, 'POST faults', { denyActions: ['sagemaker:ListModels'], latencyMs: 1 });
    await run(simulator, { type: 'createTrainingJob', name: 'job-1' });
    await simulator.stop();
    simulator = await startHere(folder);
    const { body } = await admin<{ faults: Record<string, unknown> }>(simulator, 'GET faults');
    expect(body.faults).toMatchObject({ denyActions: ['sagemaker:ListModels'], latencyMs: 1, throttleRate: 0 });
  });

  it('refuses admin requests that make no sense, and says which', async () => {
    expect((await admin(simulator, 'POST faults', { throttleRate: 2 })).body).toMatchObject({
      error: { code: 'INVALID', message: 'command.throttleRate must be a number from 0 to 1.' },
    });
    const partly = await admin(simulator, 'POST commands', {
      commands: [
        { type: 'createTrainingJob', name: 'a' },
        { type: 'createTrainingJob', name: 'a' },
        { type: 'createTrainingJob', name: 'b' },
      ],
    });
    expect(partly).toMatchObject({
      status: 409,
      body: { applied: 1, error: { message: 'training job a exists already.' } },
    });
    expect((await admin(simulator, 'POST clock', { advanceSeconds: 10 ** 9 })).body).toMatchObject({
      error: { code: 'INVALID' },
    });
    expect((await admin(simulator, 'GET nothing')).status).toBe(404);
    const fromBrowser = await fetch(`${simulator.url}/_admin/health`, { headers: { origin: 'https://example.com' } });
    expect(fromBrowser.status).toBe(403);
  });
});
