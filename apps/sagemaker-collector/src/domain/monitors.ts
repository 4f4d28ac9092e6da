import { facts, type JsonObject, type ModelIdentity, type Observation, type Severity } from '@audital/contracts';
import type { DescribeProcessingJobCommandOutput as ProcessingJob } from '@aws-sdk/client-sagemaker';
import type { FeatureStatistic } from './monitor-report';
import { type CaptureGap, fitPayload, hashable } from './payload';
import { severityOf, type Violation, worstFirst } from './severity';
import { rfc3339 } from './time';
import { type Observer, observedBy } from './observer';

/** A processing job that a monitoring schedule started, and what it monitors. */
export interface MonitoringRun {
  job: ProcessingJob;
  scheduleName: string;
  endpointName: string | null;
  outcome: 'VIOLATIONS' | 'FAILED' | 'CLEAN';
}

/** Null for every other processing job, merge and baseline jobs among them (facts/aws §4.1). */
export function monitoringRun(job: ProcessingJob): MonitoringRun | null {
  const environment = job.Environment ?? {};
  const scheduleName = job.MonitoringScheduleArn?.split('/').pop() ?? environment['sagemaker_monitoring_schedule_name'];
  const merges = /ground-?truth-merge/.test(`${job.AppSpecification?.ImageUri ?? ''} ${job.ProcessingJobName ?? ''}`);
  if (!scheduleName || merges) return null;
  const violations = /^CompletedWithViolations\b/.test(job.ExitMessage ?? '');
  const failed = job.ProcessingJobStatus === 'Failed';
  const outcome = violations ? 'VIOLATIONS' : failed ? 'FAILED' : 'CLEAN';
  return { job, scheduleName, endpointName: environment['sagemaker_endpoint_name'] ?? null, outcome };
}

/** Whether a summary alone shows that there is nothing to tell: most runs end clean, and cost no Describe. */
export const endedClean = (status: string, exitMessage: string | undefined): boolean =>
  status === 'Stopped' || (status === 'Completed' && /^Completed\b(?!With)/.test(exitMessage ?? ''));

/** What the report in S3 added; null when it could not be read. */
export interface MonitorReport {
  uri: string;
  sha256: string;
  violations: Violation[];
  baseline: FeatureStatistic | null;
  current: FeatureStatistic | null;
}

const MONITORING_TYPES: Record<string, string> = {
  DataQuality: 'DATA_QUALITY',
  ModelQuality: 'MODEL_QUALITY',
  ModelBias: 'BIAS_DRIFT',
  ModelExplainability: 'FEATURE_ATTRIBUTION_DRIFT',
};
const VIOLATION_TYPES: Record<string, string> = {
  baseline_drift_check: 'FEATURE_DRIFT',
  bias_drift_check: 'BIAS_DRIFT',
  feature_attribution_drift_check: 'FEATURE_ATTRIBUTION_DRIFT',
  LessThanThreshold: 'MODEL_QUALITY',
  GreaterThanThreshold: 'MODEL_QUALITY',
};

/** One ALERT for one execution, the worst violation leading in the public shape; a failed execution is one too. */
export function alert(
  run: MonitoringRun,
  o: { report: MonitorReport | null; model: ModelIdentity | null; observer: Observer; gaps: CaptureGap[] },
): Observation {
  const { job } = run;
  const { observer } = o;
  const violations = worstFirst(o.report?.violations ?? []);
  const leading = violations[0] ?? {
    checkType: run.outcome === 'FAILED' ? 'MONITOR_EXECUTION_FAILED' : 'unknown',
    subject: null,
    value: null,
    threshold: null,
    description: '',
  };
  const { severity, basis } = severityOf(leading);
  return {
    ...observedBy(observer),
    fact: facts.alert(job.ProcessingJobArn as string, rfc3339(job.CreationTime) as string),
    eventType: 'ALERT',
    source: 'AWS_SAGEMAKER',
    severity: severity satisfies Severity,
    timestamp: rfc3339(job.ProcessingEndTime ?? job.LastModifiedTime) ?? observer.observedAt,
    payload: fitPayload({
      ...alertPayload(run, leading, o),
      severityBasis: hashable(basis),
      violations: hashable(violations),
    }),
  };
}

function alertPayload(
  { job, scheduleName, endpointName, outcome }: MonitoringRun,
  leading: Violation,
  { report, model, gaps }: { report: MonitorReport | null; model: ModelIdentity | null; gaps: CaptureGap[] },
): JsonObject {
  const drift = VIOLATION_TYPES[leading.checkType];
  return hashable({
    violationType:
      outcome === 'FAILED'
        ? 'MONITOR_EXECUTION_FAILED'
        : (drift ?? (leading.checkType === 'unknown' ? 'UNKNOWN' : leading.checkType.toUpperCase())),
    monitoringType: monitoringType(job),
    monitoringJobName: job.ProcessingJobName,
    monitoringJobArn: job.ProcessingJobArn,
    monitoringScheduleName: scheduleName,
    endpointName,
    feature: leading.subject,
    baselineStatistic: report?.baseline,
    currentStatistic: report?.current,
    driftDistance: leading.value,
    threshold: leading.threshold,
    violationCount: report?.violations.length ?? countIn(job.ExitMessage),
    exitMessage: job.ExitMessage,
    failureReason: job.FailureReason,
    windowStart: job.Environment?.['start_time'],
    windowEnd: job.Environment?.['end_time'],
    detailLevel: report ? 'S3_REPORT' : 'EXIT_MESSAGE',
    report: report && { uri: report.uri, sha256: report.sha256 },
    modelIdentity: model,
    captureGaps: gaps,
  }) as JsonObject;
}

function monitoringType(job: ProcessingJob): string | null {
  const analysis = job.Environment?.['analysis_type'];
  if (analysis) return MONITORING_TYPES[analysis] ?? analysis;
  return /model-monitor-analyzer/.test(job.AppSpecification?.ImageUri ?? '') ? 'DATA_QUALITY' : null;
}

/** Where the run wrote its report, and what it compared with. */
export function reportLocations(job: ProcessingJob): { folder: string | null; baselineStatistics: string | null } {
  const inputs = (job.ProcessingInputs ?? []).flatMap((input) => input.S3Input?.S3Uri ?? []);
  const folder = job.ProcessingOutputConfig?.Outputs?.[0]?.S3Output?.S3Uri?.replace(/\/$/, '') ?? null;
  return { folder, baselineStatistics: inputs.find((uri) => uri.endsWith('statistics.json')) ?? null };
}

function countIn(exitMessage: string | undefined): number | null {
  const count = /with (\d+) violations/.exec(exitMessage ?? '')?.[1];
  return count === undefined ? null : Number(count);
}
