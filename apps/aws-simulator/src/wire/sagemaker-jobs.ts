import type { Item } from '../domain/collection';
import { present, seconds, secondsOrNull } from '../domain/json';
import type { ProcessingJob } from '../domain/processing-jobs';
import { validationError } from '../domain/refused';
import type { TrainingJob } from '../domain/training-job';
import { requiredText, textIn } from './input';
import { allOf, listOperation, modifiedFilter, nameFilter, statusFilter } from './listing';
import type { Operation } from './operation';
import { asListed, isDescribed } from './replicas';

export const statusOf = (item: { status: string }): string => item.status;
export const nameOf = (item: Item): string => item.name;

const JOB_STATUSES = ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] as const;

const warmPoolStatusOf = (job: TrainingJob): string | null => {
  const status = job.warmPool?.['Status'];
  return typeof status === 'string' ? status : null;
};

const listTrainingJobs = listOperation<TrainingJob>({
  name: 'ListTrainingJobs',
  output: 'TrainingJobSummaries',
  collection: ({ region }) => region.trainingJobs,
  sorts: { Name: nameOf, Status: statusOf },
  defaultOrder: 'Ascending',
  afterIsInclusive: false,
  filters: (call) => {
    const warmPool = textIn(call.input, 'WarmPoolStatusEquals');
    return allOf<TrainingJob>(
      modifiedFilter(call),
      nameFilter(call, /^[a-zA-Z0-9-]+$/),
      statusFilter(call, [...JOB_STATUSES, 'Deleting']),
      (job) => warmPool === null || warmPoolStatusOf(job) === warmPool,
    );
  },
  summary: (job, call) => {
    const { endedAt, modifiedAt, status } = asListed(call, job);
    return present({
      TrainingJobName: job.name,
      TrainingJobArn: job.arn,
      CreationTime: seconds(job.createdAt),
      TrainingEndTime: secondsOrNull(endedAt),
      LastModifiedTime: seconds(modifiedAt),
      TrainingJobStatus: status,
      SecondaryStatus: status === job.status ? job.secondaryStatus : 'Training',
      WarmPoolStatus: job.warmPool,
    });
  },
});

const describeTrainingJob: Operation = {
  action: 'sagemaker:DescribeTrainingJob',
  resource: ({ region, input }) => region.arn('training-job', requiredText(input, 'TrainingJobName')),
  run: (call) => {
    const { region, input } = call;
    const job = region.trainingJobs.get(requiredText(input, 'TrainingJobName'));
    if (!job || !isDescribed(call, job)) throw validationError('Requested resource not found.');
    const trainedSeconds = job.endedAt !== null && job.startedAt !== null ? (job.endedAt - job.startedAt) / 1000 : null;
    const output = (job.spec['OutputDataConfig'] ?? {}) as { S3OutputPath?: string };
    const artifacts = `${output.S3OutputPath ?? ''}/${job.name}/output/model.tar.gz`;
    return present({
      TrainingJobName: job.name,
      TrainingJobArn: job.arn,
      ModelArtifacts: { S3ModelArtifacts: job.status === 'Completed' ? artifacts : '' },
      TrainingJobStatus: job.status,
      SecondaryStatus: job.secondaryStatus,
      FailureReason: job.failureReason,
      CreationTime: seconds(job.createdAt),
      TrainingStartTime: secondsOrNull(job.startedAt),
      TrainingEndTime: secondsOrNull(job.endedAt),
      LastModifiedTime: seconds(job.modifiedAt),
      SecondaryStatusTransitions: job.transitions.map((transition) =>
        present({
          Status: transition.status,
          StartTime: seconds(transition.startedAt),
          EndTime: secondsOrNull(transition.endedAt),
          StatusMessage: transition.message,
        }),
      ),
      FinalMetricDataList: job.metrics.map(({ name, value, at }) => ({
        MetricName: name,
        Value: value,
        Timestamp: seconds(at),
      })),
      TrainingTimeInSeconds: trainedSeconds === null ? null : Math.round(trainedSeconds),
      BillableTimeInSeconds: trainedSeconds === null ? null : Math.round(trainedSeconds * job.billableShare),
      WarmPoolStatus: job.warmPool,
      ...job.spec,
    });
  },
};

const listProcessingJobs = listOperation<ProcessingJob>({
  name: 'ListProcessingJobs',
  output: 'ProcessingJobSummaries',
  collection: ({ region }) => region.processingJobs,
  sorts: { Name: nameOf, Status: statusOf },
  defaultOrder: 'Ascending',
  afterIsInclusive: false,
  filters: (call) => allOf<ProcessingJob>(modifiedFilter(call), nameFilter(call), statusFilter(call, JOB_STATUSES)),
  summary: (job, call) => {
    const { endedAt, modifiedAt, status } = asListed(call, job);
    const hasEnded = status === job.status;
    return present({
      ProcessingJobName: job.name,
      ProcessingJobArn: job.arn,
      CreationTime: seconds(job.createdAt),
      ProcessingEndTime: secondsOrNull(endedAt),
      LastModifiedTime: seconds(modifiedAt),
      ProcessingJobStatus: status,
      FailureReason: hasEnded ? job.failureReason : null,
      ExitMessage: hasEnded && call.account.limits.exitMessageInLists ? job.exitMessage : null,
    });
  },
});

const describeProcessingJob: Operation = {
  action: 'sagemaker:DescribeProcessingJob',
  resource: ({ region, input }) => region.arn('processing-job', requiredText(input, 'ProcessingJobName')),
  run: (call) => {
    const { region, input } = call;
    const job = region.processingJobs.get(requiredText(input, 'ProcessingJobName'));
    if (!job || !isDescribed(call, job))
      throw validationError('Could not find requested job with name: ' + requiredText(input, 'ProcessingJobName'));
    return present({
      ...job.spec,
      ProcessingJobName: job.name,
      ProcessingJobArn: job.arn,
      ProcessingJobStatus: job.status,
      ExitMessage: job.exitMessage,
      FailureReason: job.failureReason,
      ProcessingStartTime: secondsOrNull(job.startedAt),
      ProcessingEndTime: secondsOrNull(job.endedAt),
      LastModifiedTime: seconds(job.modifiedAt),
      CreationTime: seconds(job.createdAt),
      MonitoringScheduleArn: job.scheduleArn,
    });
  },
};

export const jobOperations: Record<string, Operation> = {
  ListTrainingJobs: listTrainingJobs,
  DescribeTrainingJob: describeTrainingJob,
  ListProcessingJobs: listProcessingJobs,
  DescribeProcessingJob: describeProcessingJob,
};
