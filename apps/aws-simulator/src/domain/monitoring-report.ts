import type { CommandContext } from './command';
import type { Json, JsonObject } from './json';
import type { Finding, MonitoringExecution, MonitoringSchedule, MonitoringType } from './monitoring';

const IMAGES: Record<MonitoringType, string> = {
  DataQuality: '749857270468.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-model-monitor-analyzer',
  ModelQuality: '749857270468.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-model-monitor-analyzer',
  ModelBias: '440796970383.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-clarify-processing:1.0',
  ModelExplainability: '440796970383.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-clarify-processing:1.0',
};

const NAMESPACES: Record<MonitoringType, string> = {
  DataQuality: 'aws/sagemaker/Endpoints/data-metrics',
  ModelQuality: 'aws/sagemaker/Endpoints/model-metrics',
  ModelBias: 'aws/sagemaker/Endpoints/bias-metrics',
  ModelExplainability: 'aws/sagemaker/Endpoints/explainability-metrics',
};

/** `<base>/<endpoint>/<schedule>/YYYY/MM/DD/HH`. */
export function reportUri(schedule: MonitoringSchedule, scheduledAt: number): string {
  const [day = '', time = ''] = new Date(scheduledAt).toISOString().split('T');
  return `${schedule.outputUri}/${schedule.endpointName}/${schedule.name}/${day.replaceAll('-', '/')}/${time.slice(0, 2)}`;
}

/** The analysis job of an execution, as DescribeProcessingJob shows one. */
export function executionSpec(schedule: MonitoringSchedule, scheduledAt: number): JsonObject {
  const environment: JsonObject = {
    dataset_format: '{"sagemakerCaptureJson":{"captureIndexNames":["endpointInput","endpointOutput"]}}',
    dataset_source: '/opt/ml/processing/input/endpoint',
    output_path: '/opt/ml/processing/output',
    publish_cloudwatch_metrics: 'Enabled',
    sagemaker_endpoint_name: schedule.endpointName,
    sagemaker_monitoring_schedule_name: schedule.name,
    start_time: new Date(scheduledAt - 3_600_000).toISOString(),
    end_time: new Date(scheduledAt).toISOString(),
    metric_time: new Date(scheduledAt - 3_600_000).toISOString(),
  };
  if (schedule.monitoringType === 'ModelQuality') environment['analysis_type'] = 'MODEL_QUALITY';
  const { baselineUri } = schedule;
  const inputs: Json[] = [input('endpoint', `${schedule.outputUri}/data-capture/${schedule.endpointName}`)];
  if (baselineUri !== null) {
    environment['baseline_constraints'] = '/opt/ml/processing/baseline/constraints/constraints.json';
    inputs.push(input('constraints', `${baselineUri}/constraints.json`));
    if (schedule.monitoringType === 'DataQuality') {
      environment['baseline_statistics'] = '/opt/ml/processing/baseline/stats/statistics.json';
      inputs.push(input('baseline', `${baselineUri}/statistics.json`));
    }
  }
  const output = {
    S3Uri: reportUri(schedule, scheduledAt),
    LocalPath: '/opt/ml/processing/output',
    S3UploadMode: 'Continuous',
  };
  return {
    AppSpecification: { ImageUri: IMAGES[schedule.monitoringType] },
    Environment: environment,
    ProcessingInputs: inputs,
    ProcessingOutputConfig: { Outputs: [{ OutputName: 'result', S3Output: output }] },
  };
}

const input = (name: string, uri: string): JsonObject => ({
  InputName: name,
  S3Input: {
    S3Uri: uri,
    LocalPath: `/opt/ml/processing/input/${name}`,
    S3DataType: 'S3Prefix',
    S3InputMode: 'File',
    S3DataDistributionType: 'FullyReplicated',
    S3CompressionType: 'None',
  },
});

/** What a finished execution leaves behind: its files in S3 and its metrics in CloudWatch. */
export function putReport(context: CommandContext, execution: MonitoringExecution, finding: Finding): void {
  const { schedule, scheduledAt } = execution;
  const files: [string, JsonObject | null][] = [
    ['statistics.json', finding.statistics],
    ['constraints.json', finding.constraints],
    ['constraint_violations.json', finding.outcome === 'violations' ? { violations: finding.violations } : null],
  ];
  for (const [name, content] of files) {
    if (content !== null)
      putFile(context, `${reportUri(schedule, scheduledAt)}/${name}`, { content, kmsKeyArn: finding.kmsKeyArn });
  }
  const dimensions = { Endpoint: schedule.endpointName, MonitoringSchedule: schedule.name };
  for (const metric of finding.metrics) {
    const point = { at: Math.floor(context.at / 60_000) * 60_000, value: metric.value };
    const all = { ...dimensions, ...metric.dimensions };
    context.region.metrics.put(NAMESPACES[schedule.monitoringType], metric.name, all, point);
  }
}

function putFile(
  { account, region, at }: CommandContext,
  uri: string,
  o: { content: JsonObject; kmsKeyArn: string | null },
): void {
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const body = Buffer.from(JSON.stringify(o.content, null, 2), 'utf8');
  const object = { body, modifiedAt: at, contentType: 'application/json', kmsKeyArn: o.kmsKeyArn };
  account.objects.put(region.name, { bucket, key }, object);
}
