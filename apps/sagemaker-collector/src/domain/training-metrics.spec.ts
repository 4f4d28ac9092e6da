import type { DescribeTrainingJobCommandOutput as TrainingJob } from '@aws-sdk/client-sagemaker';
import { checkPayload } from '@audital/chain/write';
import { integrationId } from '@audital/testing';
import type { MetricsWish } from './cursor';
import type { Observer } from './observer';
import { trainingCompleted } from './training';
import { judgeSeries, type Points, queriesOf, trainingMetrics, windowOf, wishFor } from './training-metrics';

const ENDED = Date.parse('2026-03-02T11:00:30.000Z');
const after = (minutes: number): string => new Date(ENDED + minutes * 60_000).toISOString();
const observer: Observer = {
  integrationId: integrationId(),
  settings: { captureMetrics: true, captureHyperparameters: true, modelIdentity: { tag: null } } as never,
  observedAt: after(10),
  captureMode: 'POLL',
  kind: 'LIVE',
  commit: (value) => value,
};
const job = (over: Partial<TrainingJob> = {}): TrainingJob =>
  ({
    TrainingJobName: 'scorer-1',
    TrainingJobArn: 'arn:aws:sagemaker:eu-west-2:123456789012:training-job/scorer-1',
    TrainingJobStatus: 'Completed',
    CreationTime: new Date(after(-70)),
    TrainingStartTime: new Date(after(-60)),
    TrainingEndTime: new Date(after(0)),
    AlgorithmSpecification: { MetricDefinitions: [{ Name: 'train:auc', Regex: '.' }] },
    FinalMetricDataList: [
      { MetricName: 'train:auc', Value: 1 },
      { MetricName: 'loss', Value: Number.NaN },
    ],
    ResourceConfig: { InstanceType: 'ml.m5.xlarge', InstanceCount: 2, VolumeSizeInGB: 1 },
    $metadata: {},
    ...over,
  }) as TrainingJob;
const wish = (over: Partial<TrainingJob> = {}): MetricsWish => wishFor(job(over), {}, observer) as MetricsWish;

describe('what is wanted of a job', () => {
  it('its own metrics by name and its machines by host, five minutes after its end', () => {
    expect(wish()).toMatchObject({ metrics: ['train:auc', 'loss'], instances: 2, dueAt: after(5), digest: null });
    expect(queriesOf(wish())).toHaveLength(2 + 2 * 5);
    expect(queriesOf(wish())[2]).toEqual({
      name: 'CPUUtilization',
      dimension: { Name: 'Host', Value: 'scorer-1/algo-1' },
    });
  });

  it.each<[string, Partial<TrainingJob>, Partial<Observer>]>([
    ['that never trained', { TrainingStartTime: undefined }, {}],
    ['where it is not asked for', {}, { settings: { ...observer.settings, captureMetrics: false } }],
    ['that is told later than it should: CloudWatch may have forgotten', {}, { kind: 'BACKFILL' }],
  ])('nothing of one %s', (_name, over, seenBy) =>
    expect(wishFor(job(over), {}, { ...observer, ...seenBy })).toBeNull(),
  );

  it('of a heterogeneous cluster all groups count', () => {
    const groups = [{ InstanceCount: 2 }, { InstanceCount: 3 }] as never;
    expect(wish({ ResourceConfig: { InstanceGroups: groups, VolumeSizeInGB: 1 } }).instances).toBe(5);
  });
});

describe('when a series is whole', () => {
  const points: Points[] = [
    [
      [0, 1],
      [60, 2],
    ],
  ];

  it('is looked at again while it changes, and told when it does not', () => {
    const first = judgeSeries(wish(), points, after(5));
    expect(first).toMatchObject({ lookAgain: { dueAt: after(10) } });
    const again = (first as { lookAgain: MetricsWish }).lookAgain;
    expect(judgeSeries(again, points, after(10))).toEqual({ settledBy: 'UNCHANGED' });
    expect(judgeSeries(again, [[...(points[0] as Points), [120, 3]]], after(10))).toHaveProperty('lookAgain');
  });

  it('that stays empty, or changes for ever, is told after half an hour', () => {
    const empty = (judgeSeries(wish(), [[]], after(5)) as { lookAgain: MetricsWish }).lookAgain;
    expect(judgeSeries(empty, [[]], after(10))).toHaveProperty('lookAgain');
    expect(judgeSeries(empty, [[]], after(30))).toEqual({ settledBy: 'PATIENCE' });
    expect(judgeSeries(wish(), points, after(30))).toEqual({ settledBy: 'PATIENCE' });
  });
});

describe('TRAINING_METRICS', () => {
  it('names the first event, and tells seconds since the start of its window', () => {
    const one = wish();
    const series: Points[] = [
      [
        [0, 0.5],
        [60, Number.NaN],
      ],
    ];
    const { payload, fact, timestamp } = trainingMetrics(one, { series, settledBy: 'UNCHANGED', gaps: [] }, observer);
    expect(timestamp).toBe(after(0));
    expect(payload).toMatchObject({
      trainingEventFact: trainingCompleted(job(), {}, observer, []).fact,
      from: '2026-03-02T10:00:00.000Z',
      periodSeconds: 60,
      series: [
        {
          metric: 'train:auc',
          trainingJobName: 'scorer-1',
          points: [
            [0, 0.5],
            [60, 'NaN'],
          ],
        },
      ],
      modelIdentity: { value: 'scorer-1' },
    });
    expect(fact).toMatch(/METRICS$/);
  });

  it('of four weeks on many machines fits into an event', () => {
    const one = wish({
      TrainingStartTime: new Date(ENDED - 28 * 24 * 3_600_000),
      ResourceConfig: { InstanceCount: 50, VolumeSizeInGB: 1 },
    });
    const { periodSeconds, from, to } = windowOf(one);
    const count = Math.ceil((Date.parse(to) - Date.parse(from)) / 1000 / periodSeconds);
    const series = queriesOf(one).map((): Points =>
      Array.from({ length: count }, (_, i) => [i * periodSeconds, Math.sqrt(i)]),
    );
    expect(periodSeconds % 60).toBe(0);
    const { payload } = trainingMetrics(one, { series, settledBy: 'PATIENCE', gaps: [] }, observer);
    expect(payload).toMatchObject({ instancesLeftOut: 42, captureGaps: [] });
    expect(checkPayload(payload)).toBeNull();
  });
});
