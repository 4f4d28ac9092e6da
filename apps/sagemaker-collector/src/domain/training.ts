import { facts, type JsonObject, type Observation } from '@audital/contracts';
import type { DescribeTrainingJobCommandOutput as TrainingJob } from '@aws-sdk/client-sagemaker';
import type { JobSummary } from './jobs';
import { modelIdentity } from './model-identity';
import { type Observer, observedBy } from './observer';
import { type CaptureGap, hashable } from './payload';
import { rfc3339 } from './time';
import { trainingPayload } from './training-payload';

type Tags = Record<string, string>;

const severityOf = (status: string): 'MEDIUM' | 'INFO' => (status === 'Failed' ? 'MEDIUM' : 'INFO');

/** TRAINING_COMPLETED for every terminal state; `payload.trainingJobStatus` says which (facts/aws §2.2). */
export function trainingCompleted(job: TrainingJob, tags: Tags, observer: Observer, gaps: CaptureGap[]): Observation {
  const status = job.TrainingJobStatus as string;
  return {
    ...observedBy(observer),
    fact: facts.training(job.TrainingJobArn as string, rfc3339(job.CreationTime) as string, status),
    eventType: 'TRAINING_COMPLETED',
    source: 'AWS_SAGEMAKER',
    severity: severityOf(status),
    timestamp: rfc3339(job.TrainingEndTime ?? job.LastModifiedTime) ?? observer.observedAt,
    payload: { ...trainingPayload(job, tags, observer, gaps), ...foundBy(observer) },
  };
}

/** The job may not be described: what the list shows is told, and the permission that is missing. */
export function trainingFromList(job: JobSummary, tags: Tags, observer: Observer): Observation {
  const { settings } = observer;
  const gap = { field: 'specification', reason: 'ACCESS_DENIED', permission: 'sagemaker:DescribeTrainingJob' };
  return {
    ...observedBy(observer),
    fact: facts.training(job.arn, job.createdAt, job.status),
    eventType: 'TRAINING_COMPLETED',
    source: 'AWS_SAGEMAKER',
    severity: severityOf(job.status),
    timestamp: job.endedAt ?? observer.observedAt,
    payload: hashable({
      trainingJobName: job.name,
      trainingJobArn: job.arn,
      trainingJobStatus: job.status,
      createdAt: job.createdAt,
      endedAt: job.endedAt,
      tagsAtCapture: tags,
      modelIdentity: modelIdentity({
        tag: settings.modelIdentity.tag,
        tags,
        trainingJobName: job.name,
        modelName: null,
      }),
      captureGaps: [gap],
      ...foundBy(observer),
    }) as JsonObject,
  };
}

/** TRAINING_STARTED (opt-in): the specification as it stood when the job was first seen. What has yet to happen is null. */
export function trainingStarted(job: TrainingJob, tags: Tags, observer: Observer, gaps: CaptureGap[]): Observation {
  const createdAt = rfc3339(job.CreationTime) as string;
  const { metrics: _later, ...payload } = trainingPayload(job, tags, observer, gaps);
  return {
    ...observedBy(observer),
    fact: facts.trainingStarted(job.TrainingJobArn as string, createdAt),
    eventType: 'TRAINING_STARTED',
    source: 'AWS_SAGEMAKER',
    severity: 'INFO',
    timestamp: createdAt,
    payload: payload,
  };
}

/** A live poll should have told it. */
const foundBy = ({ kind }: Observer): JsonObject => (kind === 'RECONCILE' ? { foundBy: 'RECONCILIATION' } : {});

/**
 * A job that was open vanished, or one was made again under its name: somebody deleted the evidence before it could be read (DESIGN §5).
 * `tags` are those of its first sight; null: the filters need them and they were never read, so it may be nobody's business.
 */
export function evidenceLost(
  job: { arn: string; name: string; createdAt: string; status?: string; openStatus?: string | null },
  observer: Observer,
  tags: Tags | null,
): Observation {
  const { tag } = observer.settings.modelIdentity;
  const identity = modelIdentity({
    tag,
    tags: tags ?? {},
    trainingJobName: tag === null ? job.name : null,
    modelName: null,
  });
  return {
    ...observedBy(observer),
    fact: facts.vanished(job.arn, job.createdAt),
    eventType: 'EVIDENCE_LOST',
    source: 'AUDITAL',
    severity: 'HIGH',
    timestamp: observer.observedAt,
    payload: hashable({
      reason: 'VANISHED',
      resourceArn: job.arn,
      resourceName: job.name,
      createdAt: job.createdAt,
      lastStatus: job.status ?? job.openStatus,
      tagsAtCapture: tags,
      modelIdentity: identity,
      captureGaps: tags === null ? [{ field: 'tags', reason: 'NOT_FOUND', permission: null }] : [],
    }) as JsonObject,
  };
}
