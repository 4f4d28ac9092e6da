import { CloudWatchClient, GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import * as sagemaker from '@aws-sdk/client-sagemaker';
import { ALLOWED, type Probed } from '../domain/doctor-rows';
import { failureOf } from './aws-errors';
import { type SessionCredentials, TEST_CLIENT } from './role-under-test';

export interface ProbeTarget {
  region: string;
  /** A name that nobody has, inside the integration's prefix. */
  nobody: string;
  /** The ARN of an endpoint of that name. */
  nobodyArn: string;
  /** By AWS's clock. */
  now: Date;
}

/** Calls of SageMaker and CloudWatch that cost next to nothing and change nothing: one for each action. */
export class PermissionProbes {
  private readonly sagemaker: sagemaker.SageMakerClient;
  private readonly cloudwatch: CloudWatchClient;
  private readonly probes: Record<string, () => Promise<unknown>>;

  constructor(credentials: SessionCredentials, target: ProbeTarget) {
    const config = { region: target.region, credentials, ...TEST_CLIENT };
    this.sagemaker = new sagemaker.SageMakerClient(config);
    this.cloudwatch = new CloudWatchClient(config);
    this.probes = {
      ...listProbes(this.sagemaker),
      ...describeProbes(this.sagemaker, target),
      ...metricProbes(this.cloudwatch, target),
    };
  }

  /** Null: the action is not one of SageMaker's or CloudWatch's. */
  async probe(action: string): Promise<Probed | null> {
    const send = this.probes[action];
    return send ? probed(send) : null;
  }

  /** The folder of the newest monitoring report, `s3://…`; null when there is none, or when it cannot be found out. */
  async newestReport(): Promise<string | null> {
    try {
      const { MonitoringScheduleSummaries: schedules } = await this.sagemaker.send(
        new sagemaker.ListMonitoringSchedulesCommand({ MaxResults: 1, SortBy: 'CreationTime' }),
      );
      const name = schedules?.[0]?.MonitoringScheduleName;
      if (name === undefined) return null;
      const schedule = await this.sagemaker.send(
        new sagemaker.DescribeMonitoringScheduleCommand({ MonitoringScheduleName: name }),
      );
      const job = schedule.LastMonitoringExecutionSummary?.ProcessingJobArn?.split('/').at(-1);
      if (job === undefined) return null;
      const { ProcessingOutputConfig } = await this.sagemaker.send(
        new sagemaker.DescribeProcessingJobCommand({ ProcessingJobName: job }),
      );
      return ProcessingOutputConfig?.Outputs?.[0]?.S3Output?.S3Uri ?? null;
    } catch (error) {
      if (failureOf(error) === 'OTHER') throw error;
      return null;
    }
  }

  close(): void {
    this.sagemaker.destroy();
    this.cloudwatch.destroy();
  }
}

const ONE = { MaxResults: 1 };

function listProbes(client: sagemaker.SageMakerClient): Record<string, () => Promise<unknown>> {
  return {
    'sagemaker:ListTrainingJobs': () => client.send(new sagemaker.ListTrainingJobsCommand(ONE)),
    'sagemaker:ListEndpoints': () => client.send(new sagemaker.ListEndpointsCommand(ONE)),
    'sagemaker:ListModels': () => client.send(new sagemaker.ListModelsCommand(ONE)),
    'sagemaker:ListProcessingJobs': () => client.send(new sagemaker.ListProcessingJobsCommand(ONE)),
    'sagemaker:ListInferenceComponents': () => client.send(new sagemaker.ListInferenceComponentsCommand(ONE)),
    'sagemaker:ListMonitoringSchedules': () => client.send(new sagemaker.ListMonitoringSchedulesCommand(ONE)),
    'sagemaker:ListMonitoringExecutions': () => client.send(new sagemaker.ListMonitoringExecutionsCommand(ONE)),
    'sagemaker:ListMonitoringAlertHistory': () => client.send(new sagemaker.ListMonitoringAlertHistoryCommand(ONE)),
  };
}

function describeProbes(
  client: sagemaker.SageMakerClient,
  { nobody, nobodyArn }: ProbeTarget,
): Record<string, () => Promise<unknown>> {
  const definition = { JobDefinitionName: nobody };
  return {
    'sagemaker:DescribeTrainingJob': () =>
      client.send(new sagemaker.DescribeTrainingJobCommand({ TrainingJobName: nobody })),
    'sagemaker:DescribeEndpoint': () => client.send(new sagemaker.DescribeEndpointCommand({ EndpointName: nobody })),
    'sagemaker:DescribeEndpointConfig': () =>
      client.send(new sagemaker.DescribeEndpointConfigCommand({ EndpointConfigName: nobody })),
    'sagemaker:DescribeModel': () => client.send(new sagemaker.DescribeModelCommand({ ModelName: nobody })),
    'sagemaker:DescribeInferenceComponent': () =>
      client.send(new sagemaker.DescribeInferenceComponentCommand({ InferenceComponentName: nobody })),
    'sagemaker:DescribeProcessingJob': () =>
      client.send(new sagemaker.DescribeProcessingJobCommand({ ProcessingJobName: nobody })),
    'sagemaker:DescribeMonitoringSchedule': () =>
      client.send(new sagemaker.DescribeMonitoringScheduleCommand({ MonitoringScheduleName: nobody })),
    'sagemaker:DescribeDataQualityJobDefinition': () =>
      client.send(new sagemaker.DescribeDataQualityJobDefinitionCommand(definition)),
    'sagemaker:DescribeModelQualityJobDefinition': () =>
      client.send(new sagemaker.DescribeModelQualityJobDefinitionCommand(definition)),
    'sagemaker:DescribeModelBiasJobDefinition': () =>
      client.send(new sagemaker.DescribeModelBiasJobDefinitionCommand(definition)),
    'sagemaker:DescribeModelExplainabilityJobDefinition': () =>
      client.send(new sagemaker.DescribeModelExplainabilityJobDefinitionCommand(definition)),
    'sagemaker:ListTags': () => client.send(new sagemaker.ListTagsCommand({ ResourceArn: nobodyArn })),
  };
}

function metricProbes(client: CloudWatchClient, { nobody, now }: ProbeTarget): Record<string, () => Promise<unknown>> {
  const Namespace = '/aws/sagemaker/TrainingJobs';
  const Metric = { Namespace, MetricName: nobody };
  return {
    'cloudwatch:ListMetrics': () => client.send(new ListMetricsCommand({ Namespace, MetricName: nobody })),
    'cloudwatch:GetMetricData': () =>
      client.send(
        new GetMetricDataCommand({
          StartTime: new Date(now.getTime() - 60_000),
          EndTime: now,
          MetricDataQueries: [{ Id: 'probe', MetricStat: { Metric, Period: 60, Stat: 'Average' } }],
        }),
      ),
  };
}

/** What became of one call. Our own faults are not swallowed. */
export async function probed(send: () => Promise<unknown>): Promise<Probed> {
  try {
    await send();
    return ALLOWED;
  } catch (error) {
    const { name, message } = error as Error;
    const failure = failureOf(error);
    const words = `${name}: ${message.slice(0, 400)}`;
    switch (failure) {
      case 'NOT_FOUND':
      case 'DENIED':
      case 'THROTTLED':
        return { outcome: failure, words };
      case 'AWAY':
      case 'EXPIRED':
        return { outcome: 'UNKNOWN', words };
      case 'OTHER':
        if ((error as { $metadata?: unknown }).$metadata === undefined) throw error;
        return { outcome: 'UNKNOWN', words };
    }
  }
}
