import { type CommandContext, command } from './command';
import { trainingHistory } from './history';
import { Refused } from './refused';
import {
  instant,
  integerBetween,
  list,
  metricValue,
  numberBetween,
  object,
  optional,
  resourceName,
  shape,
  tagMap,
  text,
} from './shape';
import { retag } from './tags';
import { moveJob, newTrainingJob, passPhases, type TrainingJob, trainingSpec } from './training-job';

function running(context: CommandContext, name: string): TrainingJob {
  const job = context.region.trainingJobs.require(name);
  if (job.endedAt !== null) throw new Refused('CONFLICT', `training job ${name} has ended already: ${job.status}.`);
  return job;
}

/** Eight digits that look random. */
const hexOf = (ordinal: number): string => (Math.imul(ordinal, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');

export const trainingJobCommands = {
  createTrainingJob: command(
    { name: resourceName, spec: optional(object), tags: optional(tagMap) },
    ({ account, region, at }, { name, spec = {}, tags = {} }) => {
      const arn = region.arn('training-job', name);
      const filled = trainingSpec(name, account.identity.accountId, spec);
      region.trainingJobs.add(newTrainingJob(at, { name, arn, ordinal: account.takeOrdinals(), spec: filled }));
      retag(region, arn, tags);
    },
  ),
  /** A tuner starts its trainings at once: they share a creation time, a parent, and all of their names but the end. */
  createTuningJob: command(
    { name: resourceName, count: integerBetween(1, 500), spec: optional(object), tags: optional(tagMap) },
    ({ account, region, at }, { name, count, spec = {}, tags = {} }) => {
      const parent = { TuningJobArn: region.arn('hyper-parameter-tuning-job', name.toLowerCase()) };
      const first = account.takeOrdinals(count);
      const children = Array.from({ length: count }, (_, index) => ({
        name: `${name}-${String(index + 1).padStart(3, '0')}-${hexOf(first + index)}`,
        ordinal: first + index,
      }));
      const taken = children.find((child) => region.trainingJobs.get(child.name));
      if (taken) throw new Refused('CONFLICT', `training job ${taken.name} exists already.`);
      for (const child of children) {
        const arn = region.arn('training-job', child.name);
        const filled = trainingSpec(child.name, account.identity.accountId, { ...spec, ...parent });
        region.trainingJobs.add(newTrainingJob(at, { ...child, arn, spec: filled }));
        retag(region, arn, tags);
      }
    },
  ),
  moveTrainingJob: command(
    {
      name: resourceName,
      status: optional(text),
      secondaryStatus: text,
      message: optional(text),
      extra: optional(object),
    },
    ({ region, at }, { name, status, secondaryStatus, message, extra = {} }) => {
      const job = region.trainingJobs.require(name);
      moveJob(job, at, {
        status: status ?? job.status,
        secondaryStatus,
        ...(message === undefined ? {} : { message }),
      });
      Object.assign(job.spec, extra);
    },
  ),
  completeTrainingJob: command(
    {
      name: resourceName,
      metrics: optional(list(shape({ name: text, value: metricValue, at: optional(instant) }))),
      billableShare: optional(numberBetween(0, 1)),
    },
    (context, { name, metrics = [], billableShare = 1 }) => {
      const job = running(context, name);
      passPhases(job, context.at);
      moveJob(job, context.at, {
        status: 'Completed',
        secondaryStatus: 'Completed',
        message: 'Training job completed',
      });
      job.metrics = metrics.map((metric) => ({ name: metric.name, value: metric.value, at: metric.at ?? context.at }));
      job.billableShare = billableShare;
    },
  ),
  failTrainingJob: command({ name: resourceName, reason: text }, (context, { name, reason }) => {
    const job = running(context, name);
    passPhases(job, context.at);
    moveJob(job, context.at, { status: 'Failed', secondaryStatus: 'Failed', message: 'Training job failed' });
    job.failureReason = reason.slice(0, 1024);
  }),
  stopTrainingJob: command(
    { name: resourceName, secondaryStatus: optional(text) },
    (context, { name, secondaryStatus = 'Stopped' }) => {
      const job = running(context, name);
      passPhases(job, context.at);
      moveJob(job, context.at, { status: 'Stopped', secondaryStatus, message: 'Training job stopped' });
    },
  ),
  touchTrainingJob: command(
    { name: resourceName, warmPool: optional(object) },
    ({ region, at }, { name, warmPool }) => {
      const job = region.trainingJobs.require(name);
      job.modifiedAt = at;
      if (warmPool) job.warmPool = warmPool;
    },
  ),
  deleteTrainingJob: command({ name: resourceName }, ({ region }, { name }) => {
    region.tags.delete(region.trainingJobs.remove(name).arn);
  }),
  addTrainingJobHistory: command(
    {
      prefix: resourceName,
      count: integerBetween(1, 10_000_000),
      from: instant,
      to: instant,
      tags: optional(tagMap),
      sharedMillisecond: optional(integerBetween(0, 10_000_000)),
      seed: optional(integerBetween(0, 2 ** 31)),
    },
    ({ account, region, at }, { tags = {}, sharedMillisecond = 0, seed = 1, ...range }) => {
      if (range.from >= range.to || range.to > at) {
        throw new Refused('INVALID', 'A history begins before it ends, and ends before the present.');
      }
      const ordinal = account.takeOrdinals(range.count);
      region.trainingJobs.addHistory(
        trainingHistory(region, account.identity.accountId, { ...range, tags, sharedMillisecond, seed, ordinal }),
      );
    },
  ),
};
