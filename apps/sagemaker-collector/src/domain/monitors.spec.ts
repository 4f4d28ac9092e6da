import type { DescribeProcessingJobCommandOutput } from '@aws-sdk/client-sagemaker';
import { alert, endedClean, monitoringRun } from './monitors';
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

  it('one alert for a run, the worst violation leading; without a report it says so', () => {
    const violations = parseViolations(
      JSON.stringify({
        violations: [
          {
            feature_name: 'age',
            constraint_check_type: 'data_type_check',
            description: 'Data type match requirement is not met.',
          },
          {
            feature_name: 'debt_to_income',
            constraint_check_type: 'baseline_drift_check',
            description: 'Baseline drift distance: 0.42 exceeds threshold: 0.3',
          },
        ],
      }),
    );
    const report = { uri: 's3://b/k', sha256: 'ab', violations, baseline: { mean: 1, stdDev: 2 }, current: null };
    const told = alert(monitoringRun(run()) as never, { report, model: null, observer, gaps: [] });
    expect(told).toMatchObject({
      severity: 'HIGH',
      payload: {
        violationType: 'FEATURE_DRIFT',
        feature: 'debt_to_income',
        driftDistance: 0.42,
        threshold: 0.3,
        detailLevel: 'S3_REPORT',
        monitoringType: 'DATA_QUALITY',
        violationCount: 2,
      },
    });
    const bare = alert(monitoringRun(run()) as never, { report: null, model: null, observer, gaps: [] });
    expect(bare).toMatchObject({ severity: 'MEDIUM', payload: { detailLevel: 'EXIT_MESSAGE', violationCount: 2 } });
  });
});
