import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand, type Metric } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeInferenceComponentCommand,
  DescribeModelCommand,
  DescribeMonitoringScheduleCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListEndpointsCommand,
  ListInferenceComponentsCommand,
  ListProcessingJobsCommand,
  ListTagsCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
} from '@aws-sdk/client-sagemaker';
import type { IntegrationId, IntegrationTarget } from '@audital/contracts';
import type { Component, ListedComponent } from '../domain/components';
import { AwsSession, type CallBudget, type CallCounts } from './aws-session';

export interface MetricPoint {
  at: string;
  value: number;
}

/** Of creation times. */
export interface JobWindow {
  from: string;
  to: string;
  order: 'Ascending' | 'Descending';
}

const MAX_RESULTS = 100;
/** A report that is larger is no report. */
export const OBJECT_BYTES_MAX = 16 * 1024 * 1024;

/** A customer's account in one region, through the role of one integration. It follows pages and does nothing clever. */
export class AwsAccount {
  private readonly session: AwsSession;
  private readonly sagemaker: SageMakerClient;
  private readonly s3: S3Client;
  private readonly cloudWatch: CloudWatchClient;

  constructor(
    target: IntegrationTarget,
    integrationId: IntegrationId,
    budget: CallBudget,
    externalIds: () => Promise<string[]>,
  ) {
    this.session = new AwsSession(target, { integrationId, budget, externalIds });
    const { provider: credentials } = this.session;
    const config = { region: target.region, credentials, maxAttempts: 4, retryMode: 'adaptive' };
    this.sagemaker = new SageMakerClient(config);
    this.s3 = new S3Client({ ...config, forcePathStyle: true, followRegionRedirects: true });
    this.cloudWatch = new CloudWatchClient(config);
    for (const client of [this.sagemaker, this.s3, this.cloudWatch]) this.session.watch(client);
  }

  /** AWS's clock as the last answer told it. */
  get now(): string {
    return this.session.now;
  }

  /** Whether AWS has told the time yet. */
  get heard(): boolean {
    return this.session.heard;
  }

  get counts(): CallCounts {
    return this.session.counts;
  }

  startCounting(): void {
    this.session.counts = { calls: {}, throttles: 0 };
  }

  listEndpoints() {
    return this.pages(
      (NextToken) =>
        this.send(() =>
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
      (NextToken) => this.send(() => this.sagemaker.send(new ListTrainingJobsCommand({ ...input, NextToken }))),
      ({ TrainingJobSummaries }) => TrainingJobSummaries ?? [],
    );
  }

  listProcessingJobs(window: JobWindow) {
    const input = { ...windowInput(window) };
    return this.pages(
      (NextToken) => this.send(() => this.sagemaker.send(new ListProcessingJobsCommand({ ...input, NextToken }))),
      ({ ProcessingJobSummaries }) => ProcessingJobSummaries ?? [],
    );
  }

  describeTrainingJob(TrainingJobName: string) {
    return this.send(() => this.sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName })));
  }

  describeProcessingJob(ProcessingJobName: string) {
    return this.send(() => this.sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName })));
  }

  describeEndpoint(EndpointName: string) {
    return this.send(() => this.sagemaker.send(new DescribeEndpointCommand({ EndpointName })));
  }

  describeEndpointConfig(EndpointConfigName: string) {
    return this.send(() => this.sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName })));
  }

  describeModel(ModelName: string) {
    return this.send(() => this.sagemaker.send(new DescribeModelCommand({ ModelName })));
  }

  describeMonitoringSchedule(MonitoringScheduleName: string) {
    return this.send(() => this.sagemaker.send(new DescribeMonitoringScheduleCommand({ MonitoringScheduleName })));
  }

  /** Of one endpoint, or of the whole account. */
  async listInferenceComponents(EndpointNameEquals?: string): Promise<ListedComponent[]> {
    const pages = this.pages(
      (NextToken) =>
        this.send(() =>
          this.sagemaker.send(
            new ListInferenceComponentsCommand({ EndpointNameEquals, MaxResults: MAX_RESULTS, NextToken }),
          ),
        ),
      ({ InferenceComponents }) => InferenceComponents ?? [],
    );
    const all: ListedComponent[] = [];
    for await (const page of pages)
      for (const one of page)
        all.push({
          name: one.InferenceComponentName as string,
          endpointArn: one.EndpointArn as string,
          status: one.InferenceComponentStatus ?? '',
          lastModifiedAt: one.LastModifiedTime?.toISOString() ?? '',
        });
    return all;
  }

  async describeInferenceComponent(InferenceComponentName: string): Promise<Component> {
    const one = await this.send(() =>
      this.sagemaker.send(new DescribeInferenceComponentCommand({ InferenceComponentName })),
    );
    return {
      name: InferenceComponentName,
      variantName: one.VariantName ?? null,
      modelName: one.Specification?.ModelName ?? null,
      copies: one.RuntimeConfig?.CurrentCopyCount ?? one.RuntimeConfig?.DesiredCopyCount ?? null,
      status: one.InferenceComponentStatus ?? null,
    };
  }

  async listTags(ResourceArn: string): Promise<Record<string, string>> {
    const pages = this.pages(
      (NextToken) =>
        this.send(() => this.sagemaker.send(new ListTagsCommand({ ResourceArn, MaxResults: MAX_RESULTS, NextToken }))),
      ({ Tags }) => Tags ?? [],
    );
    const tags: Record<string, string> = {};
    for await (const page of pages) for (const { Key, Value } of page) tags[Key ?? ''] = Value ?? '';
    return tags;
  }

  async readObject(uri: string): Promise<Uint8Array> {
    const found = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri);
    if (!found) throw new Error(`${uri} is no S3 URI.`);
    const { Body, ContentLength = 0 } = await this.send(() =>
      this.s3.send(new GetObjectCommand({ Bucket: found[1] as string, Key: found[2] as string })),
    );
    if (ContentLength > OBJECT_BYTES_MAX)
      throw new Error(`${uri} has ${ContentLength} bytes; at most ${OBJECT_BYTES_MAX} are read.`);
    return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
  }

  /** Metrics of a namespace that have this dimension, whatever others they have. */
  async listMetrics(Namespace: string, dimension: { Name: string; Value: string }): Promise<Metric[]> {
    const pages = this.pages(
      (NextToken) =>
        this.send(() =>
          this.cloudWatch.send(new ListMetricsCommand({ Namespace, Dimensions: [dimension], NextToken })),
        ),
      ({ Metrics }) => Metrics ?? [],
    );
    const metrics: Metric[] = [];
    for await (const page of pages) metrics.push(...page);
    return metrics;
  }

  /** The series of at most 500 metrics, in their order, oldest point first. The end is exclusive. Billed for each metric. */
  async metricSeries(
    metrics: { metric: Metric; statistic: string }[],
    o: { from: string; to: string; periodSeconds: number },
  ): Promise<MetricPoint[][]> {
    const MetricDataQueries = metrics.map(({ metric: Metric, statistic: Stat }, index) => ({
      Id: `m${index}`,
      MetricStat: { Metric, Period: o.periodSeconds, Stat },
    }));
    const window = { StartTime: new Date(o.from), EndTime: new Date(o.to), ScanBy: 'TimestampAscending' as const };
    const pages = this.pages(
      (NextToken) =>
        this.send(() => this.cloudWatch.send(new GetMetricDataCommand({ MetricDataQueries, ...window, NextToken }))),
      ({ MetricDataResults }) => MetricDataResults ?? [],
    );
    const series = metrics.map((): MetricPoint[] => []);
    for await (const page of pages)
      for (const { Id, Timestamps = [], Values = [] } of page)
        series[Number(Id?.slice(1))]?.push(
          ...Timestamps.map((at, index) => ({ at: at.toISOString(), value: Values[index] ?? Number.NaN })),
        );
    return series;
  }

  close(): void {
    this.sagemaker.destroy();
    this.s3.destroy();
    this.cloudWatch.destroy();
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

  private send<T>(call: () => Promise<T>): Promise<T> {
    return this.session.withFreshCredentials(call);
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
