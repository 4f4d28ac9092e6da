import type { DescribeTrainingJobCommandOutput } from '@aws-sdk/client-sagemaker';
import { evidenceLost, trainingCompleted, trainingFromList } from './training';
import { arn, job, minutesAgo, observer } from '../testing/given';

describe('TRAINING_COMPLETED', () => {
  const described = (over: Partial<DescribeTrainingJobCommandOutput> = {}): DescribeTrainingJobCommandOutput =>
    ({
      TrainingJobName: 'credit-scorer-2026-03-02-11-00-00',
      TrainingJobArn: arn('training-job', 'credit-scorer-2026-03-02-11-00-00'),
      TrainingJobStatus: 'Completed',
      CreationTime: new Date(minutesAgo(60)),
      TrainingEndTime: new Date(minutesAgo(1)),
      HyperParameters: { max_depth: '6', api_key: 'hunter2-hunter2' },
      Environment: { STAGE: 'production' },
      FinalMetricDataList: [
        { MetricName: 'auc', Value: 0.9 },
        { MetricName: 'loss', Value: Number.NaN },
      ],
      $metadata: {},
      ...over,
    }) as DescribeTrainingJobCommandOutput;

  it('carries the job in the public field names, its model, and NaN as text', () => {
    const { payload, timestamp, severity } = trainingCompleted(
      described(),
      { Environment: 'production' },
      observer,
      [],
    );
    expect([timestamp, severity]).toEqual([minutesAgo(1), 'INFO']);
    expect(payload).toMatchObject({
      trainingJobName: 'credit-scorer-2026-03-02-11-00-00',
      trainingJobStatus: 'Completed',
      metrics: { auc: 0.9, loss: 'NaN' },
      modelIdentity: { rule: 'TRAINING_JOB_NAME', value: 'credit-scorer' },
      secretsCommitted: ['api_key', 'STAGE'],
    });
    expect(JSON.stringify(payload)).not.toContain('hunter2');
    expect(JSON.stringify(payload)).not.toContain('"STAGE":"production"');
  });

  it('keeps hyper-parameters out where they are not wanted', () => {
    const without = { ...observer, settings: { ...observer.settings, captureHyperparameters: false } };
    expect(trainingCompleted(described(), {}, without, []).payload['hyperParameters']).toBeNull();
  });

  it('a failed one is MEDIUM, and is another fact than a completed one', () => {
    const failed = trainingCompleted(
      described({ TrainingJobStatus: 'Failed', FailureReason: 'out of memory' }),
      {},
      observer,
      [],
    );
    expect(failed).toMatchObject({ severity: 'MEDIUM', payload: { failureReason: 'out of memory' } });
    expect(failed.fact).not.toBe(trainingCompleted(described(), {}, observer, []).fact);
  });

  it('may not be described: what the list shows is told, and what is missing', () => {
    const seen = { ...job('scorer-1', 'Failed', 60), endedAt: minutesAgo(2) };
    expect(trainingFromList(seen, {}, observer)).toMatchObject({
      fact: trainingCompleted(
        described({
          TrainingJobArn: seen.arn,
          CreationTime: new Date(seen.createdAt),
          TrainingJobStatus: 'Failed',
        }),
        {},
        observer,
        [],
      ).fact,
      severity: 'MEDIUM',
      timestamp: minutesAgo(2),
      payload: {
        trainingJobStatus: 'Failed',
        captureGaps: [{ reason: 'ACCESS_DENIED', permission: 'sagemaker:DescribeTrainingJob' }],
      },
    });
  });

  it('that vanished names its model, its last status, and what is not known', () => {
    const gone = { ...job('scorer-3f9c2ab1', 'InProgress', 60), openStatus: 'InProgress' };
    expect(evidenceLost(gone, observer, { Environment: 'production' })).toMatchObject({
      severity: 'HIGH',
      payload: { lastStatus: 'InProgress', modelIdentity: { value: 'scorer' }, captureGaps: [] },
    });
    expect(evidenceLost(gone, observer, null).payload['captureGaps']).toEqual([
      { field: 'tags', reason: 'NOT_FOUND', permission: null },
    ]);
  });
});
