import { facts, type JsonObject, type ModelIdentity, type Observation } from '@audital/contracts';
import type { DescribeProcessingJobCommandOutput as ProcessingJob } from '@aws-sdk/client-sagemaker';
import { completed, type Leading, leadingOf, type ReportFiles } from './monitor-evidence';
import { leadingMetric, type MetricValue } from './monitor-metrics';
import { type Observer, observedBy } from './observer';
import { type CaptureGap, hashable } from './payload';
import { hideInText } from './secrets';
import { severityOf, type Violation } from './severity';
import { rfc3339 } from './time';

/** A processing job that a monitoring schedule started, and what it monitors. */
export interface MonitoringRun {
  job: ProcessingJob;
  scheduleName: string;
  /** Null: it monitors no endpoint but batches. */
  endpointName: string | null;
  outcome: 'VIOLATIONS' | 'FAILED' | 'CLEAN';
}

/** Null for every other processing job, merge and baseline jobs among them (facts/aws §4.1). */
export function monitoringRun(job: ProcessingJob): MonitoringRun | null {
  const environment = job.Environment ?? {};
  // The ARN is in lower case, the dimension of CloudWatch is not.
  const scheduleName = environment['sagemaker_monitoring_schedule_name'] ?? job.MonitoringScheduleArn?.split('/').pop();
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

/** What the report in S3 added. */
export interface MonitorReport {
  /** Everything that was read, with its digest. */
  files: { uri: string; sha256: string }[];
  violations: Violation[];
  others: ReportFiles;
}

/** In AWS's words, on the wire and in environments, and in ours. */
const MONITORING_TYPES: Record<string, string> = {
  DataQuality: 'DATA_QUALITY',
  DATA_QUALITY: 'DATA_QUALITY',
  ModelQuality: 'MODEL_QUALITY',
  MODEL_QUALITY: 'MODEL_QUALITY',
  ModelBias: 'BIAS_DRIFT',
  MODEL_BIAS: 'BIAS_DRIFT',
  ModelExplainability: 'FEATURE_ATTRIBUTION_DRIFT',
  MODEL_EXPLAINABILITY: 'FEATURE_ATTRIBUTION_DRIFT',
};
const TYPE_OF_CHECK: Record<string, string> = {
  bias_drift_check: 'BIAS_DRIFT',
  feature_attribution_drift_check: 'FEATURE_ATTRIBUTION_DRIFT',
  LessThanThreshold: 'MODEL_QUALITY',
  GreaterThanThreshold: 'MODEL_QUALITY',
};
/** Beside these a violation's type is its check's name. */
const VIOLATION_TYPES: Record<string, string> = {
  ...TYPE_OF_CHECK,
  baseline_drift_check: 'FEATURE_DRIFT',
  unknown: 'UNKNOWN',
};

export const monitoringTypeOf = (wire: string | undefined): string | null => MONITORING_TYPES[wire ?? ''] ?? null;

/** Which monitor it was, as far as the job and its report say; null: only the schedule knows. */
export function monitoringType({ job }: MonitoringRun, violations: Violation[]): string | null {
  const analysis = job.Environment?.['analysis_type'];
  if (analysis) return monitoringTypeOf(analysis) ?? analysis;
  const [checked] = violations.flatMap(({ checkType }) => TYPE_OF_CHECK[checkType] ?? []);
  if (checked) return checked;
  return /model-monitor-analyzer/.test(job.AppSpecification?.ImageUri ?? '') ? 'DATA_QUALITY' : null;
}

export interface AlertEvidence {
  report: MonitorReport | null;
  /** From CloudWatch; null: not asked, or not allowed. */
  metrics: MetricValue[] | null;
  type: string | null;
  model: ModelIdentity | null;
  gaps: CaptureGap[];
}

/** One ALERT for one execution, the worst violation leading in the public shape; a failed execution is one too. */
export function alert(run: MonitoringRun, evidence: AlertEvidence, observer: Observer): Observation {
  const { job } = run;
  const { report } = evidence;
  const violations = report ? completed(report.violations, report.others) : [];
  const leading = leadingFor(run, violations, evidence);
  const { severity, basis } = severityOf(leading.violation);
  return {
    ...observedBy(observer),
    fact: facts.alert(job.ProcessingJobArn as string, rfc3339(job.CreationTime) as string),
    eventType: 'ALERT',
    source: 'AWS_SAGEMAKER',
    severity,
    timestamp: rfc3339(job.ProcessingEndTime ?? job.LastModifiedTime) ?? observer.observedAt,
    payload: {
      ...alertPayload(run, { ...evidence, leading, violations }, observer),
      severityBasis: hashable(basis),
      ...(observer.kind === 'RECONCILE' ? { foundBy: 'RECONCILIATION' } : {}),
    },
  };
}

function leadingFor(run: MonitoringRun, violations: Violation[], { report, metrics }: AlertEvidence): Leading {
  const [worst] = violations;
  if (worst && report) return leadingOf(worst, report.others);
  const checkType = run.outcome === 'FAILED' ? 'MONITOR_EXECUTION_FAILED' : 'unknown';
  const shown = leadingMetric(metrics ?? []);
  const violation = {
    checkType,
    subject: shown?.feature ?? null,
    value: shown?.drift ?? null,
    threshold: null,
    description: '',
  };
  return { violation, feature: shown?.feature ?? null, baseline: null, current: shown?.current ?? null };
}

function alertPayload(
  { job, scheduleName, endpointName, outcome }: MonitoringRun,
  o: AlertEvidence & { leading: Leading; violations: Violation[] },
  { commit }: Observer,
): JsonObject {
  const { report, metrics, type, model, gaps, leading, violations } = o;
  const { checkType, value, threshold, metric, label, facetValue } = leading.violation;
  const details = {
    feature: leading.feature,
    baselineStatistic: leading.baseline,
    currentStatistic: leading.current,
    driftDistance: value,
    threshold,
  };
  return hashable({
    violationType:
      outcome === 'FAILED' ? 'MONITOR_EXECUTION_FAILED' : (VIOLATION_TYPES[checkType] ?? checkType.toUpperCase()),
    monitoringType: type,
    monitoringJobName: job.ProcessingJobName,
    monitoringJobArn: job.ProcessingJobArn,
    monitoringScheduleName: scheduleName,
    endpointName,
    ...details,
    details,
    metric: metric ?? null,
    label: label ?? null,
    facetValue: facetValue ?? null,
    violationCount: report?.violations.length ?? countIn(job.ExitMessage),
    violations: violations.map((one) => ({ ...one, description: hideInText(one.description, commit) })),
    metrics,
    exitMessage: hideInText(job.ExitMessage, commit),
    failureReason: hideInText(job.FailureReason, commit),
    windowStart: job.Environment?.['start_time'],
    windowEnd: job.Environment?.['end_time'],
    detailLevel: report ? 'S3_REPORT' : metrics?.length ? 'CLOUDWATCH' : 'EXIT_MESSAGE',
    report: report && { uri: report.files[0]?.uri, sha256: report.files[0]?.sha256, files: report.files },
    modelIdentity: model,
    captureGaps: gaps,
  }) as JsonObject;
}

/** Where the run wrote its report, and what it compared with. */
export function reportLocations(job: ProcessingJob): {
  folder: string | null;
  baselineStatistics: string | null;
  baselineConstraints: string | null;
} {
  const inputs = (job.ProcessingInputs ?? []).flatMap((input) => input.S3Input?.S3Uri ?? []);
  const folder = job.ProcessingOutputConfig?.Outputs?.[0]?.S3Output?.S3Uri?.replace(/\/$/, '') ?? null;
  return {
    folder,
    baselineStatistics: inputs.find((uri) => uri.endsWith('statistics.json')) ?? null,
    baselineConstraints: inputs.find((uri) => /\/(constraints|analysis)\.json$/.test(uri)) ?? null,
  };
}

function countIn(exitMessage: string | undefined): number | null {
  const count = /with (\d+) violations?/.exec(exitMessage ?? '')?.[1];
  return count === undefined ? null : Number(count);
}
