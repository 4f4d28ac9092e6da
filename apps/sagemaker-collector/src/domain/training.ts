import {
  facts,
  type IntegrationId,
  type IntegrationSettings,
  type JsonObject,
  type Observation,
} from '@audital/contracts';
import type { DescribeTrainingJobCommandOutput as TrainingJob } from '@aws-sdk/client-sagemaker';
import { modelIdentity } from './model-identity';
import { type CaptureGap, fitPayload, hashable } from './payload';
import { type Commit, hideSecrets } from './secrets';
import { rfc3339 } from './time';

export interface Observer {
  integrationId: IntegrationId;
  settings: IntegrationSettings;
  /** By AWS's clock. */
  observedAt: string;
  commit: Commit;
}

const SEVERITY = { Failed: 'MEDIUM' } as const;

/** TRAINING_COMPLETED for every terminal state; `payload.trainingJobStatus` says which (facts/aws §2.2). */
export function trainingCompleted(
  job: TrainingJob,
  tags: Record<string, string>,
  observer: Observer,
  gaps: CaptureGap[],
): Observation {
  const createdAt = rfc3339(job.CreationTime) as string;
  const status = job.TrainingJobStatus as string;
  return {
    fact: facts.training(job.TrainingJobArn as string, createdAt, status),
    eventType: 'TRAINING_COMPLETED',
    source: 'AWS_SAGEMAKER',
    severity: SEVERITY[status as 'Failed'] ?? 'INFO',
    timestamp: rfc3339(job.TrainingEndTime ?? job.LastModifiedTime) ?? observer.observedAt,
    observedAt: observer.observedAt,
    captureMode: 'POLL',
    actor: { type: 'SERVICE', id: 'sagemaker-collector' },
    integrationId: observer.integrationId,
    payload: fitPayload(trainingPayload(job, tags, observer, gaps)),
    tags: [],
  };
}

function trainingPayload(
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
    failureReason: job.FailureReason,
    createdAt: job.CreationTime,
    startedAt: job.TrainingStartTime,
    endedAt: job.TrainingEndTime,
    algorithmSpecification: {
      trainingImage: job.AlgorithmSpecification?.TrainingImage,
      algorithmName: job.AlgorithmSpecification?.AlgorithmName,
      trainingInputMode: job.AlgorithmSpecification?.TrainingInputMode,
    },
    inputDataConfig: job.InputDataConfig?.map((channel) => ({
      channelName: channel.ChannelName,
      dataSource: channel.DataSource?.S3DataSource?.S3Uri ?? channel.DataSource?.FileSystemDataSource?.DirectoryPath,
      dataSourceDetail: channel.DataSource,
      inputMode: channel.InputMode,
      contentType: channel.ContentType,
    })),
    outputDataConfig: { s3OutputPath: job.OutputDataConfig?.S3OutputPath, kmsKeyId: job.OutputDataConfig?.KmsKeyId },
    modelArtifacts: { s3ModelArtifacts: job.ModelArtifacts?.S3ModelArtifacts },
    resourceConfig: {
      instanceType: job.ResourceConfig?.InstanceType,
      instanceCount: job.ResourceConfig?.InstanceCount,
      volumeSizeInGB: job.ResourceConfig?.VolumeSizeInGB,
      instanceGroups: job.ResourceConfig?.InstanceGroups,
    },
    metrics: Object.fromEntries(
      (job.FinalMetricDataList ?? []).map(({ MetricName, Value }) => [MetricName ?? '', Value]),
    ),
    trainingTimeSeconds: job.TrainingTimeInSeconds,
    billableTimeSeconds: job.BillableTimeInSeconds,
    hyperParameters: hyper?.values ?? null,
    environment: environment.values,
    secretsCommitted: [...(hyper?.committed ?? []), ...environment.committed],
    secondaryStatusTransitions: job.SecondaryStatusTransitions?.map(
      ({ Status, StartTime, EndTime, StatusMessage }) => ({
        status: Status,
        startTime: StartTime,
        endTime: EndTime,
        statusMessage: StatusMessage,
      }),
    ),
    stoppingCondition: job.StoppingCondition,
    roleArn: job.RoleArn,
    vpcConfig: job.VpcConfig,
    enableNetworkIsolation: job.EnableNetworkIsolation,
    enableInterContainerTrafficEncryption: job.EnableInterContainerTrafficEncryption,
    enableManagedSpotTraining: job.EnableManagedSpotTraining,
    tuningJobArn: job.TuningJobArn,
    autoMLJobArn: job.AutoMLJobArn,
    environmentName: settings.environment ?? tags['Environment'],
    tagsAtCapture: tags,
    modelIdentity: modelIdentity({ tag: settings.modelIdentity.tag, tags, trainingJobName, modelName: null }),
    captureGaps: gaps,
  }) as JsonObject;
}

/** A job that was open vanished: somebody deleted the evidence before it could be read (DESIGN §5). */
export function evidenceLost(job: { arn: string; name: string; createdAt: string }, observer: Observer): Observation {
  return {
    fact: facts.vanished(job.arn, job.createdAt),
    eventType: 'EVIDENCE_LOST',
    source: 'AUDITAL',
    severity: 'HIGH',
    timestamp: observer.observedAt,
    observedAt: observer.observedAt,
    captureMode: 'POLL',
    actor: { type: 'SERVICE', id: 'sagemaker-collector' },
    integrationId: observer.integrationId,
    payload: { reason: 'VANISHED', resourceArn: job.arn, resourceName: job.name, createdAt: job.createdAt },
    tags: [],
  };
}
