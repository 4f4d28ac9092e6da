import type { Item } from './collection';
import { type CommandContext, command } from './command';
import type { Json, JsonObject } from './json';
import { executionSpec, putReport } from './monitoring-report';
import { addProcessingJob, endProcessingJob } from './processing-jobs';
import { Refused } from './refused';
import { instant, list, numberBetween, object, oneOf, optional, resourceName, shape, tagMap, text } from './shape';
import { retag } from './tags';

export const MONITORING_TYPES = ['DataQuality', 'ModelQuality', 'ModelBias', 'ModelExplainability'] as const;
export type MonitoringType = (typeof MONITORING_TYPES)[number];

export interface MonitoringSchedule extends Item {
  arn: string;
  modifiedAt: number;
  status: string;
  monitoringType: MonitoringType;
  endpointName: string;
  jobDefinitionName: string | null;
  /** `s3://…` without a slash at its end: where reports go. */
  outputUri: string;
  /** `s3://…`: where constraints.json and statistics.json of the baseline lie. */
  baselineUri: string | null;
  tags: Record<string, string>;
  extra: JsonObject;
}

/** Its name is that of its processing job. */
export interface MonitoringExecution extends Item {
  modifiedAt: number;
  scheduledAt: number;
  schedule: MonitoringSchedule;
  status: string;
  processingJobArn: string;
  failureReason: string | null;
}

export interface JobDefinition {
  arn: string;
  name: string;
  createdAt: number;
  spec: JsonObject;
}

const monitoringType = oneOf(...MONITORING_TYPES);
const s3Uri = (value: unknown, path: string): string => {
  const given = text(value, path);
  if (!/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/.*)?$/.test(given))
    throw new Refused('INVALID', `${path} must be an s3:// address.`);
  return given.replace(/\/+$/, '');
};

/** Analysis jobs are named by their type, the hour they were due and 24 hexadecimal digits. */
function processingJobName({ account }: CommandContext, schedule: MonitoringSchedule, scheduledAt: number): string {
  const kind = schedule.monitoringType.replace(
    /[A-Z]/g,
    (letter, index: number) => (index ? '-' : '') + letter.toLowerCase(),
  );
  const stamp = new Date(scheduledAt).toISOString().replace(/\D/g, '').slice(0, 12);
  return `${kind}-monitoring-${stamp}-${account.takeOrdinals().toString(16).padStart(24, '0')}`;
}

function start(
  context: CommandContext,
  o: { schedule: string; processingJobName?: string; scheduledAt?: number; tags?: Record<string, string> },
): void {
  const { account, region, at } = context;
  const schedule = region.schedules.require(o.schedule);
  const scheduledAt = o.scheduledAt ?? Math.floor(at / 3_600_000) * 3_600_000;
  const name = o.processingJobName ?? processingJobName(context, schedule, scheduledAt);
  const spec = executionSpec(schedule, scheduledAt);
  const job = addProcessingJob(context, { name, spec, scheduleArn: schedule.arn, tags: o.tags ?? schedule.tags });
  region.executions.add({
    name,
    createdAt: at,
    ordinal: account.takeOrdinals(),
    modifiedAt: at,
    scheduledAt,
    schedule,
    status: 'InProgress',
    processingJobArn: job.arn,
    failureReason: null,
  });
}

const OUTCOMES = {
  clean: { status: 'Completed', execution: 'Completed' },
  violations: { status: 'Completed', execution: 'CompletedWithViolations' },
  failed: { status: 'Failed', execution: 'Failed' },
  stopped: { status: 'Stopped', execution: 'Stopped' },
} as const;

export interface Finding {
  outcome: keyof typeof OUTCOMES;
  violations: Json[];
  statistics: JsonObject | null;
  constraints: JsonObject | null;
  metrics: { name: string; value: number; dimensions: Record<string, string> }[];
  exitMessage: string | null;
  kmsKeyArn: string | null;
}

function exitMessageOf({ outcome, violations, exitMessage }: Finding): string | null {
  if (exitMessage !== null) return exitMessage;
  if (outcome === 'clean') return 'Completed: Job completed successfully with no violations.';
  if (outcome !== 'violations') return null;
  return `CompletedWithViolations: Job completed successfully with ${violations.length} violations.`;
}

function finish(context: CommandContext, name: string, o: { finding: Finding; failureReason: string | null }): void {
  const { region, at } = context;
  const execution = region.executions.require(name);
  const { status, execution: executionStatus } = OUTCOMES[o.finding.outcome];
  const end = { status, exitMessage: exitMessageOf(o.finding), failureReason: o.failureReason };
  endProcessingJob(region.processingJobs.require(name), at, end);
  Object.assign(execution, { status: executionStatus, failureReason: o.failureReason, modifiedAt: at });
  if (status === 'Completed') putReport(context, execution, o.finding);
}

export const monitoringCommands = {
  createMonitoringSchedule: command(
    {
      name: resourceName,
      endpointName: resourceName,
      monitoringType,
      jobDefinitionName: optional(resourceName),
      outputUri: s3Uri,
      baselineUri: optional(s3Uri),
      tags: optional(tagMap),
      extra: optional(object),
    },
    ({ account, region, at }, { jobDefinitionName = null, baselineUri = null, tags = {}, extra = {}, ...given }) => {
      const arn = region.arn('monitoring-schedule', given.name);
      const own = { arn, createdAt: at, ordinal: account.takeOrdinals(), modifiedAt: at, status: 'Scheduled' };
      region.schedules.add({ ...given, ...own, jobDefinitionName, baselineUri, tags, extra });
      retag(region, arn, tags);
    },
  ),
  moveMonitoringSchedule: command({ name: resourceName, status: text }, ({ region, at }, { name, status }) => {
    Object.assign(region.schedules.require(name), { status, modifiedAt: at });
  }),
  deleteMonitoringSchedule: command({ name: resourceName }, ({ region }, { name }) => {
    region.tags.delete(region.schedules.remove(name).arn);
  }),
  createJobDefinition: command(
    { name: resourceName, monitoringType, spec: optional(object), tags: optional(tagMap) },
    ({ region, at }, { name, monitoringType: type, spec = {}, tags = {} }) => {
      const key = `${type}/${name}`;
      if (region.jobDefinitions.has(key)) throw new Refused('CONFLICT', `job definition ${key} exists already.`);
      const kind = type.replace(/[A-Z]/g, (letter, index: number) => (index ? '-' : '') + letter.toLowerCase());
      const arn = region.arn(`${kind}-job-definition`, name);
      region.jobDefinitions.set(key, { arn, name, createdAt: at, spec });
      retag(region, arn, tags);
    },
  ),
  startMonitoringExecution: command(
    {
      schedule: resourceName,
      processingJobName: optional(resourceName),
      scheduledAt: optional(instant),
      tags: optional(tagMap),
    },
    (context, { schedule, processingJobName: name, scheduledAt, tags }) =>
      start(context, {
        schedule,
        ...(name === undefined ? {} : { processingJobName: name }),
        ...(scheduledAt === undefined ? {} : { scheduledAt }),
        ...(tags === undefined ? {} : { tags }),
      }),
  ),
  finishMonitoringExecution: command(
    {
      processingJobName: resourceName,
      outcome: oneOf('clean', 'violations', 'failed', 'stopped'),
      violations: optional(list(object)),
      statistics: optional(object),
      constraints: optional(object),
      metrics: optional(list(shape({ name: text, value: numberBetween(-1e300, 1e300), dimensions: optional(tagMap) }))),
      exitMessage: optional(text),
      failureReason: optional(text),
      kmsKeyArn: optional(text),
    },
    (context, { processingJobName: name, outcome, failureReason = null, ...report }) => {
      const finding: Finding = {
        outcome,
        violations: report.violations ?? [],
        statistics: report.statistics ?? null,
        constraints: report.constraints ?? null,
        metrics: (report.metrics ?? []).map((metric) => ({ ...metric, dimensions: metric.dimensions ?? {} })),
        exitMessage: report.exitMessage ?? null,
        kmsKeyArn: report.kmsKeyArn ?? null,
      };
      finish(context, name, { finding, failureReason });
    },
  ),
};
