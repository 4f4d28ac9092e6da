import { type JsonObject, present, seconds } from '../domain/json';
import {
  MONITORING_TYPES,
  type MonitoringExecution,
  type MonitoringSchedule,
  type MonitoringType,
} from '../domain/monitoring';
import { AwsError, validationError } from '../domain/refused';
import { tagsOf } from '../domain/tags';
import { enumIn, integerIn, requiredText } from './input';
import { allOf, equalsFilter, listOperation, modifiedFilter, nameFilter, statusFilter, timeFilter } from './listing';
import type { Call, Operation } from './operation';
import { issueToken, readToken } from './page-token';
import { nameOf, statusOf } from './sagemaker-jobs';

const SCHEDULE_STATUSES = ['Pending', 'Failed', 'Scheduled', 'Stopped'] as const;
const EXECUTION_STATUSES = [
  'Pending',
  'Completed',
  'CompletedWithViolations',
  'InProgress',
  'Failed',
  'Stopping',
  'Stopped',
] as const;

/** Unlike SageMaker's older resources, these are really answered with ResourceNotFound. */
const notFound = (arn: string): AwsError => new AwsError('ResourceNotFound', `Could not find resource "${arn}".`);

const typeFilter = <T>(call: Call, typeOf: (item: T) => string): ((item: T) => boolean) => {
  const wanted = enumIn(call.input, 'MonitoringTypeEquals', MONITORING_TYPES);
  return (item) => wanted === null || typeOf(item) === wanted;
};

const listMonitoringSchedules = listOperation<MonitoringSchedule>({
  name: 'ListMonitoringSchedules',
  output: 'MonitoringScheduleSummaries',
  collection: ({ region }) => region.schedules,
  sorts: { Name: nameOf, Status: statusOf },
  defaultOrder: 'Descending',
  afterIsInclusive: false,
  filters: (call) =>
    allOf<MonitoringSchedule>(
      modifiedFilter(call),
      nameFilter(call),
      statusFilter(call, SCHEDULE_STATUSES),
      equalsFilter(call, 'EndpointName', (schedule: MonitoringSchedule) => schedule.endpointName),
      equalsFilter(call, 'MonitoringJobDefinitionName', (schedule: MonitoringSchedule) => schedule.jobDefinitionName),
      typeFilter(call, (schedule: MonitoringSchedule) => schedule.monitoringType),
    ),
  summary: (schedule) => scheduleSummary(schedule),
});

const scheduleSummary = (schedule: MonitoringSchedule): JsonObject =>
  present({
    MonitoringScheduleName: schedule.name,
    MonitoringScheduleArn: schedule.arn,
    CreationTime: seconds(schedule.createdAt),
    LastModifiedTime: seconds(schedule.modifiedAt),
    MonitoringScheduleStatus: schedule.status,
    EndpointName: schedule.endpointName,
    MonitoringJobDefinitionName: schedule.jobDefinitionName,
    MonitoringType: schedule.monitoringType,
  });

const executionSummary = (execution: MonitoringExecution): JsonObject =>
  present({
    MonitoringScheduleName: execution.schedule.name,
    ScheduledTime: seconds(execution.scheduledAt),
    CreationTime: seconds(execution.createdAt),
    LastModifiedTime: seconds(execution.modifiedAt),
    MonitoringExecutionStatus: execution.status,
    ProcessingJobArn: execution.processingJobArn,
    EndpointName: execution.schedule.endpointName,
    FailureReason: execution.failureReason,
    MonitoringJobDefinitionName: execution.schedule.jobDefinitionName,
    MonitoringType: execution.schedule.monitoringType,
  });

const describeMonitoringSchedule: Operation = {
  action: 'sagemaker:DescribeMonitoringSchedule',
  resource: ({ region, input }) => region.arn('monitoring-schedule', requiredText(input, 'MonitoringScheduleName')),
  run: ({ region, input }) => {
    const name = requiredText(input, 'MonitoringScheduleName');
    const schedule = region.schedules.get(name);
    if (!schedule) throw notFound(region.arn('monitoring-schedule', name));
    const last = region.executions.values().findLast((execution) => execution.schedule === schedule);
    const { MonitoringJobDefinitionName, ...summary } = scheduleSummary(schedule);
    return present({
      ...summary,
      MonitoringScheduleConfig: present({
        ScheduleConfig: { ScheduleExpression: 'cron(0 * ? * * *)' },
        MonitoringJobDefinitionName,
        MonitoringType: schedule.monitoringType,
      }),
      LastMonitoringExecutionSummary: last ? executionSummary(last) : null,
      ...schedule.extra,
    });
  },
};

const listMonitoringExecutions = listOperation<MonitoringExecution>({
  name: 'ListMonitoringExecutions',
  output: 'MonitoringExecutionSummaries',
  collection: ({ region }) => region.executions,
  sorts: { ScheduledTime: (execution) => execution.scheduledAt, Status: statusOf },
  defaultOrder: 'Descending',
  afterIsInclusive: false,
  filters: (call) =>
    allOf<MonitoringExecution>(
      modifiedFilter(call),
      timeFilter(call, 'ScheduledTime', (execution: MonitoringExecution) => execution.scheduledAt),
      statusFilter(call, EXECUTION_STATUSES),
      equalsFilter(call, 'MonitoringScheduleName', (execution: MonitoringExecution) => execution.schedule.name),
      equalsFilter(call, 'EndpointName', (execution: MonitoringExecution) => execution.schedule.endpointName),
      equalsFilter(call, 'MonitoringJobDefinitionName', (one: MonitoringExecution) => one.schedule.jobDefinitionName),
      typeFilter(call, (execution: MonitoringExecution) => execution.schedule.monitoringType),
    ),
  summary: executionSummary,
});

function describeJobDefinition(type: MonitoringType, kind: string): Operation {
  return {
    action: `sagemaker:Describe${type}JobDefinition`,
    resource: ({ region, input }) => region.arn(kind, requiredText(input, 'JobDefinitionName')),
    run: ({ region, input }) => {
      const name = requiredText(input, 'JobDefinitionName');
      const definition = region.jobDefinitions.get(`${type}/${name}`);
      if (!definition) throw notFound(region.arn(kind, name));
      const { arn, createdAt, spec } = definition;
      return { JobDefinitionName: name, JobDefinitionArn: arn, CreationTime: seconds(createdAt), ...spec };
    },
  };
}

/** Alerts of monitors are not simulated: there is never any. */
const listMonitoringAlertHistory: Operation = {
  action: 'sagemaker:ListMonitoringAlertHistory',
  resource: () => '*',
  run: ({ input }) => {
    integerIn(input, 'MaxResults', { min: 1, max: 100 });
    return { MonitoringAlertHistory: [] };
  },
};

const listTags: Operation = {
  action: 'sagemaker:ListTags',
  resource: ({ input }) => requiredText(input, 'ResourceArn'),
  run: (call) => {
    const arn = requiredText(call.input, 'ResourceArn');
    if (!/^arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:.+$/.test(arn)) throw validationError('Invalid ARN');
    const tags = tagsOf(call.region, arn);
    if (tags === null) throw validationError('Requested resource not found.');
    const all = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
    const size = integerIn(call.input, 'MaxResults', { min: 50, max: 2 ** 31 - 1 }) ?? 50;
    const from = readToken('ListTags', call)?.ordinal ?? 0;
    const more = all.length > from + size;
    return {
      Tags: all.slice(from, from + size).map(([Key, Value]) => ({ Key, Value })),
      ...(more ? { NextToken: issueToken('ListTags', call, { key: '', ordinal: from + size }) } : {}),
    };
  },
};

export const monitoringOperations: Record<string, Operation> = {
  ListMonitoringSchedules: listMonitoringSchedules,
  DescribeMonitoringSchedule: describeMonitoringSchedule,
  ListMonitoringExecutions: listMonitoringExecutions,
  ListMonitoringAlertHistory: listMonitoringAlertHistory,
  DescribeDataQualityJobDefinition: describeJobDefinition('DataQuality', 'data-quality-job-definition'),
  DescribeModelQualityJobDefinition: describeJobDefinition('ModelQuality', 'model-quality-job-definition'),
  DescribeModelBiasJobDefinition: describeJobDefinition('ModelBias', 'model-bias-job-definition'),
  DescribeModelExplainabilityJobDefinition: describeJobDefinition(
    'ModelExplainability',
    'model-explainability-job-definition',
  ),
  ListTags: listTags,
};
