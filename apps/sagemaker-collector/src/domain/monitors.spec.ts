import type { DescribeProcessingJobCommandOutput } from '@aws-sdk/client-sagemaker';
import type { ReportFiles } from './monitor-evidence';
import { worthReading } from './monitor-metrics';
import {
  alert,
  type AlertEvidence,
  endedClean,
  monitoringRun,
  type MonitoringRun,
  monitoringType,
  type MonitorReport,
} from './monitors';
import { parseViolations } from './monitor-report';
import { arn, minutesAgo, observer } from '../testing/given';

describe('monitors', () => {
  const run = (over: Partial<DescribeProcessingJobCommandOutput> = {}): DescribeProcessingJobCommandOutput =>
    ({
      ProcessingJobName: 'data-quality-1',
      ProcessingJobArn: arn('processing-job', 'data-quality-1'),
      ProcessingJobStatus: 'Completed',
      ExitMessage: 'CompletedWithViolations: Job completed successfully with 2 violations.',
      CreationTime: new Date(minutesAgo(30)),
      ProcessingEndTime: new Date(minutesAgo(20)),
      MonitoringScheduleArn: arn('monitoring-schedule', 'hourly'),
      AppSpecification: { ImageUri: 'x/sagemaker-model-monitor-analyzer' },
      Environment: { sagemaker_endpoint_name: 'scorer' },
      $metadata: {},
      ...over,
    }) as DescribeProcessingJobCommandOutput;

  it('tells violations and failures from clean runs, and from jobs that monitor nothing', () => {
    expect(monitoringRun(run())?.outcome).toBe('VIOLATIONS');
    expect(monitoringRun(run({ ProcessingJobStatus: 'Failed', ExitMessage: undefined }))?.outcome).toBe('FAILED');
    expect(
      monitoringRun(run({ ExitMessage: 'Completed: Job completed successfully with no violations.' }))?.outcome,
    ).toBe('CLEAN');
    expect(monitoringRun(run({ MonitoringScheduleArn: undefined }))).toBeNull();
    expect(monitoringRun(run({ ProcessingJobName: 'groundtruth-merge-1' }))).toBeNull();
    expect(endedClean('Completed', 'Completed: no violations.')).toBe(true);
    expect(endedClean('Completed', 'CompletedWithViolations: x')).toBe(false);
    expect(endedClean('Completed', undefined)).toBe(false);
  });

  const files = { statistics: null, analysis: null, baselineStatistics: null, baselineConstraints: null };
  const told = (over: Partial<DescribeProcessingJobCommandOutput>, evidence: Partial<AlertEvidence> = {}) => {
    const found = monitoringRun(run(over)) as MonitoringRun;
    const nothing = { report: null, metrics: null, type: 'DATA_QUALITY', model: null, gaps: [] };
    return alert(found, { ...nothing, ...evidence }, observer);
  };
  const report = (violations: object[], others: Partial<ReportFiles> = {}): MonitorReport => ({
    files: [{ uri: 's3://b/k', sha256: 'ab' }],
    violations: parseViolations(JSON.stringify({ violations })),
    others: { ...files, ...others },
  });

  it('one alert for a run, the worst violation leading with its statistics; the digest of what was read stands in it', () => {
    const statistics = (mean: number) =>
      JSON.stringify({ features: [{ name: 'debt', numerical_statistics: { mean, std_dev: 0.1 } }] });
    const violations = [
      { feature_name: 'age', constraint_check_type: 'data_type_check', description: 'Data type match is not met.' },
      {
        feature_name: 'debt ',
        constraint_check_type: 'baseline_drift_check',
        description: 'Baseline drift distance: 0.42 exceeds threshold: 0.3',
      },
    ];
    const others = { statistics: statistics(0.47), baselineStatistics: statistics(0.31) };
    expect(told({}, { report: report(violations, others) })).toMatchObject({
      severity: 'HIGH',
      payload: {
        violationType: 'FEATURE_DRIFT',
        details: {
          feature: 'debt',
          baselineStatistic: { mean: 0.31, stddev: 0.1 },
          currentStatistic: { mean: 0.47, stddev: 0.1 },
          driftDistance: 0.42,
          threshold: 0.3,
        },
        feature: 'debt',
        detailLevel: 'S3_REPORT',
        violationCount: 2,
        violations: [{ feature: 'debt' }, { feature: 'age' }],
        report: { uri: 's3://b/k', sha256: 'ab' },
        severityBasis: { ratio: 0.42 / 0.3, rule: 'DRIFT_OVER_THRESHOLD' },
      },
    });
  });

  it('model quality leads with a metric and no feature', () => {
    const violations = [
      {
        metric_name: 'f2',
        constraint_check_type: 'LessThanThreshold',
        description: 'Metric f2 with 0.61 +/- 0.02 was LessThanThreshold 0.66',
      },
    ];
    const statistics = JSON.stringify({
      binary_classification_metrics: { f2: { value: 0.61, standard_deviation: 'NaN' } },
    });
    expect(told({}, { report: report(violations, { statistics }), type: 'MODEL_QUALITY' })).toMatchObject({
      severity: 'MEDIUM',
      payload: {
        feature: null,
        metric: 'f2',
        driftDistance: 0.61,
        threshold: 0.66,
        currentStatistic: { value: 0.61, stddev: null },
      },
    });
  });

  it('bias takes its threshold from the baseline, by facet, value and metric', () => {
    const analysis = (value: number) =>
      JSON.stringify({
        version: '1.0',
        post_training_bias_metrics: {
          label: 'y',
          facets: {
            Age: [
              { value_or_threshold: '0', metrics: [{ name: 'DI', value: 9 }] },
              { value_or_threshold: '1', metrics: [{ name: 'DI', value }] },
            ],
          },
        },
      });
    const violations = [
      {
        facet: 'Age',
        facet_value: '1',
        metric_name: 'DI',
        constraint_check_type: 'bias_drift_check',
        description: 'Value 0.0751 does not meet the constraint requirement',
      },
    ];
    const others = { analysis: analysis(0.0751), baselineConstraints: analysis(-0.04) };
    expect(told({}, { report: report(violations, others), type: 'BIAS_DRIFT' })).toMatchObject({
      severity: 'HIGH',
      payload: {
        violationType: 'BIAS_DRIFT',
        feature: 'Age',
        facetValue: '1',
        metric: 'DI',
        threshold: -0.04,
        baselineStatistic: { value: -0.04 },
        currentStatistic: { value: 0.0751 },
      },
    });
  });

  it('feature attribution leads with the feature whose attribution moved most', () => {
    const analysis = (income: number) =>
      JSON.stringify({
        version: '1.0',
        explanations: { kernel_shap: { label0: { global_shap_values: { age: 0.2, income } } } },
      });
    const violations = [
      {
        label: 'label0',
        metric_name: 'shap',
        constraint_check_type: 'feature_attribution_drift_check',
        description: 'Feature attribution drift 0.7639 exceeds threshold 0.9',
      },
    ];
    const others = { analysis: analysis(0.1), baselineConstraints: analysis(0.5) };
    expect(told({}, { report: report(violations, others), type: 'FEATURE_ATTRIBUTION_DRIFT' })).toMatchObject({
      severity: 'MEDIUM',
      payload: {
        feature: 'income',
        label: 'label0',
        driftDistance: 0.7639,
        threshold: 0.9,
        baselineStatistic: { value: 0.5 },
        currentStatistic: { value: 0.1 },
      },
    });
    expect(told({}, { report: report(violations, { analysis: '[' }) }).payload).toMatchObject({
      feature: null,
      baselineStatistic: null,
    });
  });

  it('with CloudWatch alone the largest drift leads, and no threshold means no number', () => {
    const metric = (name: string, value: number) => ({ namespace: 'n', name, dimensions: {}, value });
    const metrics = [
      metric('feature_baseline_drift_age', 0.1),
      metric('feature_baseline_drift_debt', 0.9),
      metric('feature_data_debt', 0.47),
    ];
    expect(told({}, { metrics })).toMatchObject({
      severity: 'MEDIUM',
      payload: {
        detailLevel: 'CLOUDWATCH',
        violationType: 'UNKNOWN',
        feature: 'debt',
        driftDistance: 0.9,
        threshold: null,
        currentStatistic: { mean: 0.47, stddev: null },
        violationCount: 2,
        severityBasis: { rule: 'NO_NUMBER' },
      },
    });
  });

  it('with neither it is told all the same', () =>
    expect(told({}, { metrics: [] })).toMatchObject({
      severity: 'MEDIUM',
      payload: { detailLevel: 'EXIT_MESSAGE', violationCount: 2, violations: [], details: { feature: null } },
    }));

  it('a failed execution is an alert of its own type', () =>
    expect(told({ ProcessingJobStatus: 'Failed', ExitMessage: undefined, FailureReason: 'No data.' })).toMatchObject({
      severity: 'MEDIUM',
      payload: { violationType: 'MONITOR_EXECUTION_FAILED', failureReason: 'No data.', violationCount: null },
    }));

  it.each<[string, Partial<DescribeProcessingJobCommandOutput>, string[], string | null]>([
    [
      'the environment',
      { Environment: { sagemaker_monitoring_schedule_name: 's', analysis_type: 'MODEL_QUALITY' } },
      [],
      'MODEL_QUALITY',
    ],
    [
      'the report',
      { AppSpecification: { ImageUri: 'x/sagemaker-clarify-processing' } },
      ['bias_drift_check'],
      'BIAS_DRIFT',
    ],
    ['the image', {}, ['data_type_check'], 'DATA_QUALITY'],
    ['the schedule alone', { AppSpecification: { ImageUri: 'x/sagemaker-clarify-processing' } }, [], null],
  ])('the type of the monitor comes from %s', (_from, over, checks, expected) => {
    const violations = parseViolations(
      JSON.stringify({ violations: checks.map((check) => ({ constraint_check_type: check })) }),
    );
    expect(monitoringType(monitoringRun(run(over)) as MonitoringRun, violations)).toBe(expected);
  });
});

describe('metrics that are worth their price', () => {
  const named = (...names: string[]) => names.map((MetricName) => ({ MetricName }));
  it.each([
    [
      named('feature_null_a', 'feature_baseline_drift_a', 'feature_data_a'),
      named('feature_baseline_drift_a', 'feature_data_a'),
    ],
    [named('f2', 'auc'), named('f2', 'auc')],
    [named('bias_metric_DI', 'feature_x'), named('bias_metric_DI')],
    [named('feature_age', 'feature_income'), named('feature_age', 'feature_income')],
  ])('%j: %j', (given, expected) => expect(worthReading(given)).toEqual(expected));
});
