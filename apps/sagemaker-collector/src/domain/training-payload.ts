import type { JsonObject } from '@audital/contracts';
import type { Channel, DescribeTrainingJobCommandOutput as TrainingJob } from '@aws-sdk/client-sagemaker';
import { modelIdentity } from './model-identity';
import type { Observer } from './observer';
import { type CaptureGap, hashable } from './payload';
import { hideArguments, hideInText, hideSecrets } from './secrets';

/** DescribeTrainingJob in the public field names, and the rest of the specification beside them (facts/aws §2.2). */
export function trainingPayload(
  job: TrainingJob,
  tags: Record<string, string>,
  { settings, commit }: Observer,
  gaps: CaptureGap[],
): JsonObject {
  const hyper = settings.captureHyperparameters ? hideSecrets(job.HyperParameters ?? {}, commit) : null;
  const environment = hideSecrets(job.Environment ?? {}, commit, true);
  const trainingJobName = job.TrainingJobName as string;
  return hashable({
    trainingJobName,
    trainingJobArn: job.TrainingJobArn,
    trainingJobStatus: job.TrainingJobStatus,
    secondaryStatus: job.SecondaryStatus,
    failureReason: hideInText(job.FailureReason, commit),
    createdAt: job.CreationTime,
    startedAt: job.TrainingStartTime,
    endedAt: job.TrainingEndTime,
    algorithmSpecification: algorithm(job, commit),
    inputDataConfig: job.InputDataConfig?.map(channel),
    outputDataConfig: {
      s3OutputPath: job.OutputDataConfig?.S3OutputPath,
      kmsKeyId: job.OutputDataConfig?.KmsKeyId,
      compressionType: job.OutputDataConfig?.CompressionType,
    },
    modelArtifacts: { s3ModelArtifacts: job.ModelArtifacts?.S3ModelArtifacts },
    resourceConfig: resources(job),
    ...metrics(job),
    trainingTimeSeconds: job.TrainingTimeInSeconds,
    billableTimeSeconds: job.BillableTimeInSeconds,
    billableTokenCount: job.BillableTokenCount,
    hyperParameters: hyper?.values ?? null,
    environment: environment.values,
    secretsCommitted: [...(hyper?.committed ?? []), ...environment.committed],
    secondaryStatusTransitions: job.SecondaryStatusTransitions?.map(
      ({ Status, StartTime, EndTime, StatusMessage }) => ({
        status: Status,
        startTime: StartTime,
        endTime: EndTime,
        statusMessage: hideInText(StatusMessage, commit),
      }),
    ),
    ...circumstances(job),
    environmentName: settings.environment ?? tags['Environment'],
    tagsAtCapture: tags,
    modelIdentity: modelIdentity({ tag: settings.modelIdentity.tag, tags, trainingJobName, modelName: null }),
    captureGaps: gaps,
  }) as JsonObject;
}

function algorithm({ AlgorithmSpecification: specification }: TrainingJob, commit: Observer['commit']) {
  const image = specification?.TrainingImage;
  return {
    trainingImage: image,
    // A tag can be moved, and AWS does not say what it stood for: only an image named by its digest is known for sure.
    trainingImageDigest: image?.split('@')[1] ?? null,
    algorithmName: specification?.AlgorithmName,
    trainingInputMode: specification?.TrainingInputMode,
    metricDefinitions: specification?.MetricDefinitions?.map(({ Name, Regex }) => ({ name: Name, regex: Regex })),
    containerEntrypoint: hideArguments(specification?.ContainerEntrypoint, commit),
    containerArguments: hideArguments(specification?.ContainerArguments, commit),
  };
}

const channel = (one: Channel) => ({
  channelName: one.ChannelName,
  dataSource:
    one.DataSource?.S3DataSource?.S3Uri ??
    one.DataSource?.FileSystemDataSource?.DirectoryPath ??
    one.DataSource?.DatasetSource?.DatasetArn,
  dataSourceDetail: one.DataSource,
  inputMode: one.InputMode,
  contentType: one.ContentType,
  compressionType: one.CompressionType,
});

/** Heterogeneous clusters have groups instead of one instance type; an instance that was chosen from preferences is shown as what it is. */
const resources = ({ ResourceConfig: config, ServerlessJobConfig: serverless }: TrainingJob) => ({
  instanceType: config?.InstanceType ?? config?.SelectedInstanceType,
  instanceCount: config?.InstanceCount ?? config?.SelectedInstanceCount,
  volumeSizeInGB: config?.VolumeSizeInGB,
  instanceGroups: config?.InstanceGroups?.map((group) => ({
    instanceGroupName: group.InstanceGroupName,
    instanceType: group.InstanceType,
    instanceCount: group.InstanceCount,
  })),
  instancePreferences: config?.InstancePreferences,
  keepAlivePeriodInSeconds: config?.KeepAlivePeriodInSeconds,
  volumeKmsKeyId: config?.VolumeKmsKeyId,
  trainingPlanArn: config?.TrainingPlanArn,
  serverless,
});

/** The last value of each metric, by name as the public page has it, and with its time. */
const metrics = ({ FinalMetricDataList: list = [] }: TrainingJob) => ({
  metrics: Object.fromEntries(list.map(({ MetricName, Value }) => [MetricName ?? '', Value])),
  finalMetrics: list.map(({ MetricName, Value, Timestamp }) => ({
    name: MetricName,
    value: Value,
    timestamp: Timestamp,
  })),
});

/** Under which role, in which network, by whom it was started, and what it was part of. */
const circumstances = (job: TrainingJob) => ({
  roleArn: job.RoleArn,
  vpcConfig: job.VpcConfig && { securityGroupIds: job.VpcConfig.SecurityGroupIds, subnets: job.VpcConfig.Subnets },
  enableNetworkIsolation: job.EnableNetworkIsolation,
  enableInterContainerTrafficEncryption: job.EnableInterContainerTrafficEncryption,
  enableManagedSpotTraining: job.EnableManagedSpotTraining,
  stoppingCondition: job.StoppingCondition && {
    maxRuntimeInSeconds: job.StoppingCondition.MaxRuntimeInSeconds,
    maxWaitTimeInSeconds: job.StoppingCondition.MaxWaitTimeInSeconds,
    maxPendingTimeInSeconds: job.StoppingCondition.MaxPendingTimeInSeconds,
  },
  retryStrategy: job.RetryStrategy,
  checkpointConfig: job.CheckpointConfig && { s3Uri: job.CheckpointConfig.S3Uri },
  experimentConfig: job.ExperimentConfig,
  warmPoolStatus: job.WarmPoolStatus,
  tuningJobArn: job.TuningJobArn,
  autoMLJobArn: job.AutoMLJobArn,
  labelingJobArn: job.LabelingJobArn,
  modelPackageConfig: job.ModelPackageConfig,
  outputModelPackageArn: job.OutputModelPackageArn,
  mlflowDetails: job.MlflowDetails,
});
