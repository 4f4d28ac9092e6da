import type { Item } from './collection';
import { type CommandContext, command } from './command';
import type { JsonObject } from './json';
import { Refused } from './refused';
import { object, oneOf, optional, resourceName, tagMap, text } from './shape';
import { retag } from './tags';

export interface ProcessingJob extends Item {
  arn: string;
  modifiedAt: number;
  status: string;
  startedAt: number | null;
  endedAt: number | null;
  exitMessage: string | null;
  failureReason: string | null;
  scheduleArn: string | null;
  spec: JsonObject;
}

/** What CreateProcessingJob demands, where the command left it out. */
function processingSpec(accountId: string, given: JsonObject): JsonObject {
  return {
    ProcessingResources: { ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.xlarge', VolumeSizeInGB: 20 } },
    StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    AppSpecification: { ImageUri: '764974769150.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-scikit-learn:1.2-1' },
    RoleArn: `arn:aws:iam::${accountId}:role/SageMakerExecutionRole`,
    ...given,
  };
}

export function addProcessingJob(
  { account, region, at }: CommandContext,
  o: { name: string; spec: JsonObject; scheduleArn: string | null; tags: Record<string, string> },
): ProcessingJob {
  const job: ProcessingJob = {
    name: o.name,
    createdAt: at,
    ordinal: account.takeOrdinals(),
    arn: region.arn('processing-job', o.name),
    modifiedAt: at,
    status: 'InProgress',
    startedAt: null,
    endedAt: null,
    exitMessage: null,
    failureReason: null,
    scheduleArn: o.scheduleArn,
    spec: processingSpec(account.identity.accountId, o.spec),
  };
  region.processingJobs.add(job);
  retag(region, job.arn, o.tags);
  return job;
}

export interface ProcessingEnd {
  status: string;
  exitMessage: string | null;
  failureReason: string | null;
}

export function endProcessingJob(job: ProcessingJob, at: number, end: ProcessingEnd): void {
  if (job.endedAt !== null)
    throw new Refused('CONFLICT', `processing job ${job.name} has ended already: ${job.status}.`);
  // Starting the instances takes about a third of a short job.
  job.startedAt ??= job.createdAt + Math.floor((at - job.createdAt) / 3);
  Object.assign(job, end, { endedAt: at, modifiedAt: at });
}

export const processingJobCommands = {
  createProcessingJob: command(
    { name: resourceName, spec: optional(object), tags: optional(tagMap), scheduleArn: optional(text) },
    (context, { name, spec = {}, tags = {}, scheduleArn = null }) => {
      addProcessingJob(context, { name, spec, scheduleArn, tags });
    },
  ),
  endProcessingJob: command(
    {
      name: resourceName,
      status: oneOf('Completed', 'Failed', 'Stopped'),
      exitMessage: optional(text),
      failureReason: optional(text),
    },
    ({ region, at }, { name, status, exitMessage = null, failureReason = null }) =>
      endProcessingJob(region.processingJobs.require(name), at, { status, exitMessage, failureReason }),
  ),
  deleteProcessingJob: command({ name: resourceName }, ({ region }, { name }) => {
    region.tags.delete(region.processingJobs.remove(name).arn);
  }),
};
