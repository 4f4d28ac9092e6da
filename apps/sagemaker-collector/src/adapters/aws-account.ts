import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListEndpointsCommand,
  ListProcessingJobsCommand,
  ListTagsCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { IntegrationId, IntegrationTarget } from '@audital/contracts';
import { failureOf } from './aws-errors';
import { Limiter } from './limiter';

/** Counted for every call, retries included. */
export interface CallCounts {
  calls: Record<string, number>;
  throttles: number;
}

/** Of creation times. */
export interface JobWindow {
  from: string;
  to: string;
  order: 'Ascending' | 'Descending';
}

type Credentials = Awaited<ReturnType<ReturnType<typeof fromTemporaryCredentials>>>;

const MAX_RESULTS = 100;
const REFRESH_BEFORE_MS = 5 * 60_000;

/** The budget of one account and region, shared by all integrations on it (DESIGN §5). */
export class CallBudget {
  readonly list: Limiter;
  readonly describe: Limiter;

  constructor(speed: number) {
    this.list = new Limiter(speed);
    this.describe = new Limiter(5 * speed);
  }
}

/** A customer's account in one region, through the role of one integration. It follows pages and does nothing clever. */
export class AwsAccount {
  counts: CallCounts = { calls: {}, throttles: 0 };
  private readonly sagemaker: SageMakerClient;
  private readonly s3: S3Client;
  private readonly assume: () => Promise<Credentials>;
  private credentials: Promise<Credentials> | null = null;
  private awsTimeMs = 0;

  constructor(
    target: IntegrationTarget,
    integrationId: IntegrationId,
    private readonly budget: CallBudget,
  ) {
    const { region, roleArn, externalId } = target;
    const params = {
      RoleArn: roleArn,
      ExternalId: externalId,
      RoleSessionName: `audital-${integrationId}`,
      DurationSeconds: 3600,
    };
    this.assume = () => fromTemporaryCredentials({ params, clientConfig: { region } })();
    // One provider for all clients: the SDK's own caching is per client, and would assume the role for each.
    // It says so (memoized), or each client would keep credentials of its own, those that have expired among them.
    const credentials = Object.assign(() => this.currentCredentials(), { memoized: true });
    const config = { region, credentials, maxAttempts: 4, retryMode: 'adaptive' };
    this.sagemaker = new SageMakerClient(config);
    this.s3 = new S3Client({ ...config, forcePathStyle: true });
    this.watch(this.sagemaker);
    this.watch(this.s3);
  }

  /** AWS's clock as the last answer told it, ms. */
  get now(): string {
    return new Date(this.awsTimeMs).toISOString();
  }

  /** Whether AWS has told the time yet. */
  get heard(): boolean {
    return this.awsTimeMs > 0;
  }

  startCounting(): void {
    this.counts = { calls: {}, throttles: 0 };
  }

  listEndpoints() {
    return this.pages(
      (NextToken) =>
        this.list(() =>
          this.sagemaker.send(
            new ListEndpointsCommand({
              MaxResults: MAX_RESULTS,
              SortBy: 'CreationTime',
              SortOrder: 'Descending',
              NextToken,
            }),
          ),
        ),
      ({ Endpoints }) => Endpoints ?? [],
    );
  }

  /** Inside a frozen window: nothing moves between pages. */
  listTrainingJobs(window: JobWindow) {
    const input = { ...windowInput(window) };
    return this.pages(
      (NextToken) => this.list(() => this.sagemaker.send(new ListTrainingJobsCommand({ ...input, NextToken }))),
      ({ TrainingJobSummaries }) => TrainingJobSummaries ?? [],
    );
  }

  listProcessingJobs(window: JobWindow) {
    const input = { ...windowInput(window) };
    return this.pages(
      (NextToken) => this.list(() => this.sagemaker.send(new ListProcessingJobsCommand({ ...input, NextToken }))),
      ({ ProcessingJobSummaries }) => ProcessingJobSummaries ?? [],
    );
  }

  describeTrainingJob(TrainingJobName: string) {
    return this.describe(() => this.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName })));
  }

  describeProcessingJob(ProcessingJobName: string) {
    return this.describe(() => this.sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName })));
  }

  describeEndpoint(EndpointName: string) {
    return this.describe(() => this.sagemaker.send(new DescribeEndpointCommand({ EndpointName })));
  }

  describeEndpointConfig(EndpointConfigName: string) {
    return this.describe(() => this.sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName })));
  }

  describeModel(ModelName: string) {
    return this.describe(() => this.sagemaker.send(new DescribeModelCommand({ ModelName })));
  }

  async listTags(ResourceArn: string): Promise<Record<string, string>> {
    const pages = this.pages(
      (NextToken) =>
        this.describe(() =>
          this.sagemaker.send(new ListTagsCommand({ ResourceArn, MaxResults: MAX_RESULTS, NextToken })),
        ),
      ({ Tags }) => Tags ?? [],
    );
    const tags: Record<string, string> = {};
    for await (const page of pages) for (const { Key, Value } of page) tags[Key ?? ''] = Value ?? '';
    return tags;
  }

  async readObject(uri: string): Promise<Uint8Array> {
    const found = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri);
    if (!found) throw new Error(`${uri} is no S3 URI.`);
    const { Body } = await this.describe(() =>
      this.s3.send(new GetObjectCommand({ Bucket: found[1] as string, Key: found[2] as string })),
    );
    return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
  }

  close(): void {
    this.sagemaker.destroy();
    this.s3.destroy();
  }

  private async *pages<Output extends { NextToken?: string | undefined }, Item>(
    send: (token: string | undefined) => Promise<Output>,
    items: (output: Output) => Item[],
  ): AsyncGenerator<Item[]> {
    let token: string | undefined;
    do {
      const output = await send(token);
      // An empty page with a token is no end (facts/aws §1.2).
      yield items(output);
      token = output.NextToken;
    } while (token);
  }

  private list<T>(send: () => Promise<T>): Promise<T> {
    return this.limited(this.budget.list, send);
  }

  private describe<T>(send: () => Promise<T>): Promise<T> {
    return this.limited(this.budget.describe, send);
  }

  /** Credentials that AWS says have expired are dropped, and the call is made once more. */
  private async limited<T>(limiter: Limiter, send: () => Promise<T>): Promise<T> {
    await limiter.turn();
    try {
      return await send();
    } catch (error) {
      if (failureOf(error) !== 'EXPIRED') throw error;
      this.credentials = null;
      await limiter.turn();
      return send();
    }
  }

  private async currentCredentials(): Promise<Credentials> {
    const asked = this.credentials;
    const known = await asked?.catch(() => null);
    const expiresMs = known?.expiration?.getTime() ?? Infinity;
    // Our clock against AWS's expiry: five minutes of room is more than any skew that AWS itself accepts.
    const isGood = known && expiresMs - Date.now() >= REFRESH_BEFORE_MS;
    // Several calls may wait here: the first of them assumes the role for all.
    if (!isGood && this.credentials === asked) this.credentials = this.assume();
    return this.credentials as Promise<Credentials>;
  }

  private watch(client: SageMakerClient | S3Client): void {
    const count = (commandName: string): void => {
      this.counts.calls[commandName] = (this.counts.calls[commandName] ?? 0) + 1;
    };
    type Attempt = { response: { headers?: Record<string, string>; statusCode?: number } };
    const middleware =
      (next: (args: never) => Promise<unknown>, context: { commandName?: string }) => async (args: never) => {
        count((context.commandName ?? 'Unknown').replace(/Command$/, ''));
        try {
          const result = (await next(args)) as Attempt;
          this.noteTime(result.response.headers?.['date']);
          return result;
        } catch (error) {
          if (failureOf(error) === 'THROTTLED') this.counts.throttles += 1;
          this.noteTime((error as { $response?: Attempt['response'] }).$response?.headers?.['date']);
          throw error;
        }
      };
    // This step comes after the retries: it sees every attempt.
    (client.middlewareStack as { add: (middleware: unknown, options: unknown) => void }).add(middleware, {
      step: 'deserialize',
      name: 'auditalCounts',
      priority: 'high',
    });
  }

  private noteTime(date: string | undefined): void {
    const time = Date.parse(date ?? '');
    if (!Number.isNaN(time)) this.awsTimeMs = Math.max(this.awsTimeMs, time);
  }
}

function windowInput({ from, to, order }: JobWindow) {
  return {
    CreationTimeAfter: new Date(from),
    CreationTimeBefore: new Date(to),
    SortBy: 'CreationTime' as const,
    SortOrder: order,
    MaxResults: MAX_RESULTS,
  };
}
