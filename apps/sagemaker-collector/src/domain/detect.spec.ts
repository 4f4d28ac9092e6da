import { hash } from 'node:crypto';
import type {
  DescribeEndpointCommandOutput,
  DescribeEndpointConfigCommandOutput,
  DescribeProcessingJobCommandOutput,
  DescribeTrainingJobCommandOutput,
} from '@aws-sdk/client-sagemaker';
import { checkPayload } from '@audital/chain/write';
import type { Integration, Observation } from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import * as fc from 'fast-check';
import { applyChange, type Change, type Cursor, emptyCursor, keyOf } from './cursor';
import { changedEndpoints, detectEnded, detectEndpoint, goneEndpoints } from './endpoints';
import { compareJobs, type JobSummary, windowFrom } from './jobs';
import { stem } from './model-identity';
import { alert, endedClean, monitoringRun } from './monitors';
import { parseViolations } from './monitor-report';
import { toParts } from './parts';
import { fitPayload, hashable } from './payload';
import { hideSecrets, looksSecret } from './secrets';
import { severityOf, worstFirst } from './severity';
import type { Observer } from './observer';
import { evidenceLost, trainingCompleted, trainingFromList } from './training';

const NOW = '2026-03-02T12:00:00.000Z';
const minutesAgo = (minutes: number): string => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();
const arn = (kind: string, name: string): string => `arn:aws:sagemaker:eu-west-2:123456789012:${kind}/${name}`;
const observer: Observer = {
  integrationId: integrationId(),
  settings: {
    name: null,
    environment: null,
    syncInterval: 60,
    filters: { namePrefix: null, tags: {} },
    captureMetrics: true,
    captureHyperparameters: true,
    captureTrainingStarted: false,
    backfillDays: 0,
    modelIdentity: { tag: null },
  },
  observedAt: NOW,
  captureMode: 'POLL',
  kind: 'LIVE',
  commit: (value) => `committed:${hash('sha256', value)}`,
};
const job = (name: string, status: string, createdMinutesAgo: number): JobSummary => ({
  arn: arn('training-job', name),
  name,
  status,
  createdAt: minutesAgo(createdMinutesAgo),
  endedAt: null,
});
const SCOPE = { namePrefix: null, tags: {} };
/** Nothing enters: every poll but the first. */
const later = (now: string) => ({ now, entering: () => false });
const first = (now: string) => ({ now, entering: () => true });
const after = (cursor: Cursor, changes: Change[]): Cursor => {
  for (const change of changes) applyChange(cursor, change);
  return cursor;
};
/** A cursor whose first poll was at this time. */
const watching = (markedMinutesAgo: number): Cursor => {
  const at = minutesAgo(markedMinutesAgo);
  return after(emptyCursor(), [{ kind: 'mark', at, highWater: { training: at, processing: at }, scope: SCOPE }]);
};

describe('training jobs in a listed window', () => {
  it('at the first poll what runs goes into the register, and what has ended is nobody’s news', () => {
    const seen = compareJobs(
      emptyCursor(),
      'training',
      [job('runs', 'InProgress', 5000), job('ended', 'Completed', 5), job('old', 'Completed', 5000)],
      first(NOW),
    );
    expect(seen.ended).toEqual([]);
    expect(seen.changes.map((change) => change.kind)).toEqual(['job-open', 'job-settled']);
  });

  it('tells what ends after that, however long ago it began', () => {
    const before = compareJobs(emptyCursor(), 'training', [job('runs', 'InProgress', 5000)], first(minutesAgo(10)));
    const cursor = after(watching(10), before.changes);
    expect(compareJobs(cursor, 'training', [job('runs', 'Stopped', 5000)], later(NOW)).ended).toHaveLength(1);
    expect(windowFrom(cursor, 'training', minutesAgo(25)) < minutesAgo(5000)).toBe(true);
  });

  it('tells a job that was shorter than a poll, once', () => {
    const short = job('short', 'Completed', 1);
    const cursor = watching(5);
    expect(compareJobs(cursor, 'training', [short], later(NOW)).ended).toEqual([short]);
    after(cursor, [{ kind: 'job-settled', jobs: 'training', job: { ...short, openStatus: null } }]);
    expect(compareJobs(cursor, 'training', [short], later(NOW)).ended).toEqual([]);
  });

  it('a name that is used again after a deletion is another job', () => {
    const cursor = after(watching(5), [
      { kind: 'job-settled', jobs: 'training', job: { ...job('again', 'Completed', 4), openStatus: null } },
    ]);
    expect(compareJobs(cursor, 'training', [job('again', 'Failed', 1)], later(NOW)).ended).toHaveLength(1);
  });

  it('says which open jobs the list did not show', () => {
    const cursor = after(watching(5), [
      { kind: 'job-open', jobs: 'training', job: { ...job('gone', 'InProgress', 3), openStatus: 'InProgress' } },
    ]);
    expect(compareJobs(cursor, 'training', [], later(NOW)).unlisted.map(({ name }) => name)).toEqual(['gone']);
  });

  it('does not tell as new what lies below the overlap: it was settled and forgotten', () => {
    expect(compareJobs(watching(5), 'training', [job('forgotten', 'Completed', 60)], later(NOW)).ended).toEqual([]);
  });

  it('the order of the list does not matter, and 500 jobs of one millisecond are 500', () => {
    const jobs = Array.from({ length: 500 }, (_, index) =>
      job(`same-${index}`, index % 2 ? 'Completed' : 'InProgress', 1),
    );
    const names = (listed: JobSummary[]): string[] =>
      compareJobs(watching(5), 'training', listed, later(NOW))
        .ended.map(({ name }) => name)
        .sort();
    fc.assert(
      fc.property(fc.shuffledSubarray(jobs, { minLength: 500 }), (shuffled) =>
        expect(names(shuffled)).toEqual(names(jobs)),
      ),
      { seed: 7, numRuns: 5 },
    );
    expect(names(jobs)).toHaveLength(250);
  });
});

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

describe('a payload that is too large', () => {
  const fitted = (payload: object) => fitPayload(hashable(payload) as never);

  it('is cut where it is largest, and leaves the SHA-256 of what was cut', () => {
    const large = fitted({
      trainingJobName: 'x',
      hyperParameters: { a: 'y'.repeat(300_000), b: '1' },
      captureGaps: [],
    });
    expect(large).toMatchObject({
      trainingJobName: 'x',
      hyperParameters: { a: 'y'.repeat(256), b: '1' },
      captureGaps: [
        {
          field: 'hyperParameters.a',
          reason: 'TOO_LARGE',
          bytes: 300_002,
          sha256: hash('sha256', JSON.stringify('y'.repeat(300_000))),
        },
      ],
    });
    expect(checkPayload(large)).toBeNull();
  });

  it('keeps the beginning of a list, and drops a map of many small members as a whole', () => {
    const violations = Array.from({ length: 4_000 }, (_, index) => ({
      feature: `f${index}`,
      description: 'd'.repeat(100),
    }));
    const large = fitted({ violations, tags: { a: 'b' }, captureGaps: [] });
    expect((large['violations'] as unknown[])[0]).toEqual(violations[0]);
    expect((large['violations'] as unknown[]).length).toBe(1_000);
    expect(large['captureGaps']).toMatchObject([{ field: 'violations' }]);
    const small = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`k${index}`, 'v'.repeat(100)]));
    expect(fitted({ environment: small, name: 'x' })).toMatchObject({
      environment: null,
      name: 'x',
      captureGaps: [{ field: 'environment' }],
    });
  });

  it('of any shape fits afterwards', () => {
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        fc.string({ maxLength: 40 }).map((text) => text.repeat(3_000)),
        fc.array(tie('node'), { maxLength: 6 }),
        fc.dictionary(fc.string({ maxLength: 8 }), tie('node'), { maxKeys: 6 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (part) => expect(checkPayload(fitted({ part, name: 'x' }))).toBeNull()),
      { seed: 11, numRuns: 60 },
    );
  });

  it('that fits is left alone', () => expect(fitted({ a: 1 })).toEqual({ a: 1 }));
});

describe('deployments', () => {
  const created = new Date(minutesAgo(600));
  interface State {
    config: string;
    status?: string;
    weight?: number;
    pending?: string;
    modified: number;
    count?: number;
  }
  const read = ({ config, status = 'InService', weight = 1, pending, modified, count = 1 }: State) => ({
    endpoint: {
      EndpointName: 'scorer',
      EndpointArn: arn('endpoint', 'scorer'),
      EndpointStatus: status,
      EndpointConfigName: config,
      CreationTime: created,
      LastModifiedTime: new Date(minutesAgo(modified)),
      ProductionVariants: [
        { VariantName: 'all', CurrentWeight: weight, DesiredWeight: weight, CurrentInstanceCount: count },
      ],
      ...(pending ? { PendingDeploymentSummary: { EndpointConfigName: pending } } : {}),
    } as unknown as DescribeEndpointCommandOutput,
    config: {
      EndpointConfigName: config,
      ProductionVariants: [{ VariantName: 'all', ModelName: `model-of-${config}` }],
    } as unknown as DescribeEndpointConfigCommandOutput,
    model: null,
    tags: {},
    gaps: [],
  });
  /** What a history of polls tells, first poll included. */
  function told(states: State[], first = false): Observation[] {
    const cursor = emptyCursor();
    return states.flatMap((state, index) => {
      const now = read(state);
      const key = keyOf({ arn: arn('endpoint', 'scorer'), createdAt: created.toISOString() });
      const { observations, changes } = detectEndpoint(
        cursor.endpoints.get(key) ?? null,
        now,
        observer,
        first && index === 0,
      );
      after(cursor, changes);
      return observations;
    });
  }
  const kinds = (...states: State[]): unknown[] => told(states).map(({ payload }) => payload['kind']);

  it.each<[string, State[], unknown[]]>([
    [
      'created',
      [
        { config: 'a', status: 'Creating', modified: 9 },
        { config: 'a', modified: 8 },
      ],
      ['CREATED'],
    ],
    [
      'updated',
      [
        { config: 'a', modified: 9 },
        { config: 'a', status: 'Updating', pending: 'b', modified: 8 },
        { config: 'b', modified: 7 },
      ],
      ['CREATED', 'UPDATED'],
    ],
    [
      'updated between two polls',
      [
        { config: 'a', modified: 9 },
        { config: 'b', modified: 7 },
      ],
      ['CREATED', 'UPDATED'],
    ],
    [
      'A to B and back to A',
      [
        { config: 'a', modified: 9 },
        { config: 'b', modified: 8 },
        { config: 'a', modified: 7 },
      ],
      ['CREATED', 'UPDATED', 'UPDATED'],
    ],
    [
      'weights shifted',
      [
        { config: 'a', modified: 9 },
        { config: 'a', weight: 2, modified: 8 },
      ],
      ['CREATED', 'TRAFFIC_SHIFT'],
    ],
    [
      'rolled back',
      [
        { config: 'a', modified: 9 },
        { config: 'a', status: 'Updating', pending: 'b', modified: 8 },
        { config: 'a', status: 'RollingBack', modified: 7 },
        { config: 'a', modified: 6 },
      ],
      ['CREATED', 'ROLLED_BACK'],
    ],
    [
      'failed',
      [
        { config: 'a', status: 'Creating', modified: 9 },
        { config: 'a', status: 'Failed', modified: 8 },
      ],
      ['FAILED'],
    ],
    [
      'maintained by AWS',
      [
        { config: 'a', modified: 9 },
        { config: 'a', status: 'SystemUpdating', modified: 8 },
        { config: 'a', modified: 7 },
      ],
      ['CREATED'],
    ],
    [
      'scaled',
      [
        { config: 'a', modified: 9 },
        { config: 'a', count: 4, modified: 8 },
      ],
      ['CREATED'],
    ],
    [
      'of a status that we do not know',
      [
        { config: 'a', modified: 9 },
        { config: 'a', status: 'Pondering', modified: 8 },
        { config: 'a', modified: 7 },
      ],
      ['CREATED'],
    ],
  ])('%s', (_name, states, expected) => expect(kinds(...states)).toEqual(expected));

  it('an endpoint of the first poll is a baseline, and no news', () => {
    expect(told([{ config: 'a', modified: 9 }], true)).toMatchObject([
      { eventType: 'DEPLOYMENT', captureMode: 'BACKFILL', payload: { kind: 'BASELINE' } },
    ]);
  });

  it('an update names the model before, and every transition is a fact of its own; the same poll again gives the same facts', () => {
    const history: State[] = [
      { config: 'a', modified: 9 },
      { config: 'b', modified: 8 },
      { config: 'a', modified: 7 },
    ];
    const events = told(history);
    expect(events[1]?.payload).toMatchObject({ modelName: 'model-of-b', previousModelName: 'model-of-a' });
    expect(new Set(events.map(({ fact }) => fact)).size).toBe(3);
    expect(told(history).map(({ fact }) => fact)).toEqual(events.map(({ fact }) => fact));
  });

  it('one that is gone ends; a quiet list describes nothing', () => {
    const cursor = emptyCursor();
    after(cursor, detectEndpoint(null, read({ config: 'a', modified: 9 }), observer, false).changes);
    const listed = [
      {
        arn: arn('endpoint', 'scorer'),
        name: 'scorer',
        createdAt: created.toISOString(),
        status: 'InService',
        lastModifiedAt: minutesAgo(9),
      },
    ];
    expect(changedEndpoints(cursor, listed)).toEqual([]);
    expect(goneEndpoints(cursor, listed)).toEqual([]);
    const [gone] = goneEndpoints(cursor, []);
    const ended = detectEnded(gone as never, observer);
    expect(ended.observations).toMatchObject([
      { eventType: 'DEPLOYMENT_ENDED', payload: { previousModelName: 'model-of-a' } },
    ]);
    expect(after(cursor, ended.changes).endpoints.size).toBe(0);
  });
});

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

describe('severity (facts/aws §5)', () => {
  const violation = (checkType: string, value: number | null, threshold: number | null) => ({
    checkType,
    subject: 'x',
    value,
    threshold,
    description: '',
  });

  it.each([
    ['baseline_drift_check', 0.42, 0.3, 'HIGH'],
    ['baseline_drift_check', 0.31, 0.3, 'MEDIUM'],
    ['baseline_drift_check', 0.6, 0.3, 'CRITICAL'],
    ['LessThanThreshold', 0.61, 0.66, 'MEDIUM'],
    ['GreaterThanThreshold', 3, 2, 'HIGH'],
    ['feature_attribution_drift_check', 0.7639, 0.9, 'MEDIUM'],
    ['feature_attribution_drift_check', 0, 0.9, 'CRITICAL'],
    ['bias_drift_check', -0.2, 0.1, 'CRITICAL'],
    ['missing_column_check', null, null, 'HIGH'],
    ['data_type_check', null, null, 'MEDIUM'],
    ['LessThanThreshold', -1, 0.5, 'MEDIUM'],
  ])('%s of %s over %s is %s', (check, value, threshold, expected) => {
    expect(severityOf(violation(check, value, threshold)).severity).toBe(expected);
  });

  it('never falls when the drift grows, and scaling both changes nothing', () => {
    const rank = ['INFO', 'MEDIUM', 'HIGH', 'CRITICAL'];
    const at = (value: number, threshold: number): number =>
      rank.indexOf(severityOf(violation('baseline_drift_check', value, threshold)).severity);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 0, max: 10_000 }),
        (drift, threshold, more) => {
          expect(at(drift + more, threshold)).toBeGreaterThanOrEqual(at(drift, threshold));
          expect(at(drift * 4, threshold * 4)).toBe(at(drift, threshold));
        },
      ),
      { seed: 3, numRuns: 500 },
    );
  });

  it('puts the worst first', () => {
    const order = worstFirst([
      violation('data_type_check', null, null),
      violation('baseline_drift_check', 0.9, 0.3),
      violation('missing_column_check', null, null),
    ]);
    expect(order.map(({ checkType }) => checkType)).toEqual([
      'baseline_drift_check',
      'missing_column_check',
      'data_type_check',
    ]);
  });
});

describe('secrets', () => {
  it.each([
    ['db_password', 'x'],
    ['HF_TOKEN', 'x'],
    ['plain', 'AKIAABCDEFGHIJKLMNOP'],
    ['url', 'postgres://user:pass@host/db'],
    ['note', 'ghp_abcdefghijklmnopqrstuvwxyz0123'],
    ['jwt', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x'],
  ])('%s=%s is hidden', (name, value) => expect(looksSecret(name, value)).toBe(true));

  it.each([
    ['max_depth', '6'],
    ['objective', 'binary:logistic'],
    ['s3', 's3://bucket/key'],
  ])('%s=%s is shown', (name, value) => expect(looksSecret(name, value)).toBe(false));

  it('an environment is committed whole', () => {
    expect(hideSecrets({ a: '1' }, () => 'c', true)).toEqual({ values: { a: 'c' }, committed: ['a'] });
  });
});

describe('model names', () => {
  it.each([
    ['credit-scorer-2026-03-02-11-00-00', 'credit-scorer'],
    ['credit-scorer-2026-03-02-11-00-00-123', 'credit-scorer'],
    ['credit-scorer-20260302110000', 'credit-scorer'],
    ['credit-scorer-3f9c2ab1', 'credit-scorer'],
    ['credit-scorer-v2', 'credit-scorer-v2'],
    ['credit-scorer', 'credit-scorer'],
    ['-3f9c2ab1', '-3f9c2ab1'],
  ])('%s is %s', (name, expected) => expect(stem(name)).toBe(expected));
});

describe('parts', () => {
  const integration = { organisationId: organisationId(), integrationId: integrationId(), revision: 3 } as Integration;
  const detected = (size: number) => ({
    observations: [{ payload: { a: 'x'.repeat(size) } } as unknown as Observation],
    changes: [{ kind: 'job-forgotten', jobs: 'training', key: 'k' }],
  });

  it('keep together what belongs together, stay small, and start where the one before ends', () => {
    const parts = toParts([detected(100_000), detected(200_000), detected(300_000), detected(10)], integration, {
      stream: 'cursor-x',
      revision: 6,
    });
    expect(parts.map(({ observations }) => observations.length)).toEqual([2, 2]);
    expect(parts.map(({ cursor }) => cursor?.expectedRevision)).toEqual([6, 7]);
    expect(parts.every((part) => JSON.stringify(part).length <= 512 * 1024)).toBe(true);
    expect(parts[0]?.cursor).toMatchObject({ integrationRevision: 3 });
  });

  it('of nothing are none', () =>
    expect(toParts([{ observations: [], changes: [] }], integration, { stream: 'cursor-x', revision: -1 })).toEqual(
      [],
    ));
});
