import type { DescribeModelCommandOutput as Model } from '@aws-sdk/client-sagemaker';
import type { JsonObject, Observation } from '@audital/contracts';
import { after, arn, minutesAgo, observer } from '../testing/given';
import type { Component } from './components';
import { emptyCursor, keyOf } from './cursor';
import {
  changedEndpoints,
  detectEnded,
  detectEndpoint,
  goneEndpoints,
  type ReadEndpoint,
  unwatched,
} from './endpoints';

const CREATED = minutesAgo(600);
const key = keyOf({ arn: arn('endpoint', 'scorer'), createdAt: CREATED });
interface State {
  config: string;
  status?: string;
  weight?: number;
  aimed?: number;
  pending?: string;
  count?: number;
  /** Deleted under the living endpoint. */
  configGone?: boolean;
  components?: Component[];
  /** Its tags keep it out. */
  out?: boolean;
  /** The filters were changed, or it is the first poll. */
  entering?: boolean;
}

const model = (name: string): Model =>
  ({
    ModelName: name,
    PrimaryContainer: { ModelDataUrl: `s3://b/${name}-job/output/model.tar.gz`, Environment: { K: 'V' } },
  }) as unknown as Model;

function read(state: State, modified: number): ReadEndpoint {
  const {
    config,
    status = 'InService',
    weight = 1,
    aimed = weight,
    pending,
    count = 1,
    configGone,
    components,
  } = state;
  const variants = [
    { VariantName: 'main', CurrentWeight: 2, DesiredWeight: 2, CurrentInstanceCount: count },
    { VariantName: 'side', CurrentWeight: weight, DesiredWeight: aimed, CurrentInstanceCount: 1 },
  ];
  const named = (name: string) => ({
    VariantName: name,
    ...(components ? {} : { ModelName: `${config}-${name}` }),
    InstanceType: 'ml.m5.large',
  });
  const names = configGone || components ? [] : [`${config}-main`, `${config}-side`];
  return {
    endpoint: {
      EndpointName: 'scorer',
      EndpointArn: arn('endpoint', 'scorer'),
      EndpointStatus: status as 'InService',
      EndpointConfigName: config,
      CreationTime: new Date(CREATED),
      LastModifiedTime: new Date(minutesAgo(modified)),
      ProductionVariants: variants,
      ...(pending ? { PendingDeploymentSummary: { EndpointConfigName: pending } } : {}),
      $metadata: {},
    },
    config: configGone
      ? null
      : ({ EndpointConfigName: config, ProductionVariants: [named('main'), named('side')] } as never),
    models: new Map(names.map((name) => [name, model(name)])),
    components: components ?? null,
    componentsSeen: components ? JSON.stringify(components) : null,
    tags: {},
    gaps: configGone ? [{ field: 'endpointConfig', reason: 'ENDPOINT_CONFIG_DELETED', permission: null }] : [],
  };
}

/** What a history of polls tells, each a minute after the one before. */
function told(...states: State[]): Observation[] {
  const cursor = emptyCursor();
  return states.flatMap((state, index) => {
    const before = cursor.endpoints.get(key) ?? null;
    const now = read(state, 500 - index);
    const summary = {
      arn: arn('endpoint', 'scorer'),
      name: 'scorer',
      createdAt: CREATED,
      status: state.status ?? 'InService',
      lastModifiedAt: minutesAgo(500 - index),
    };
    const { observations, changes } = state.out
      ? unwatched(summary, before)
      : detectEndpoint(before, now, observer, state.entering ?? false);
    after(cursor, changes);
    return observations;
  });
}
const kinds = (...states: State[]): unknown[] => told(...states).map(({ payload }) => payload['kind']);
const payloads = (...states: State[]): JsonObject[] => told(...states).map(({ payload }) => payload);

const A = { config: 'a' };
const B = { config: 'b' };
const toB: State = { ...A, status: 'Updating', pending: 'b' };
const creating: State = { ...A, status: 'Creating' };
const first = { entering: true };

describe('what a history of an endpoint tells', () => {
  it.each<[string, State[], unknown[]]>([
    ['created', [creating, A], ['CREATED']],
    ['created between two polls', [A], ['CREATED']],
    ['created and being updated already', [toB, B], ['CREATED', 'UPDATED']],
    ['updated', [A, toB, B], ['CREATED', 'UPDATED']],
    ['updated between two polls', [A, B], ['CREATED', 'UPDATED']],
    ['A to B and back to A', [A, B, A], ['CREATED', 'UPDATED', 'UPDATED']],
    ['weights shifted', [A, { ...A, status: 'Updating', aimed: 3 }, { ...A, weight: 3 }], ['CREATED', 'TRAFFIC_SHIFT']],
    ['weights shifted between two polls', [A, { ...A, weight: 3 }], ['CREATED', 'TRAFFIC_SHIFT']],
    ['rolled back', [A, toB, { ...A, status: 'RollingBack' }, A], ['CREATED', 'ROLLED_BACK']],
    ['rolled back so fast that nobody saw it roll', [A, toB, A], ['CREATED', 'ROLLED_BACK']],
    ['rolled back, then updated', [A, toB, A, toB, B], ['CREATED', 'ROLLED_BACK', 'UPDATED']],
    ['updated to another configuration than it aimed at', [A, toB, { config: 'c' }], ['CREATED', 'UPDATED']],
    ['failed to be created', [creating, { ...A, status: 'Failed' }, { ...A, status: 'Failed' }], ['FAILED']],
    [
      'failed to be updated, then updated',
      [A, toB, { ...A, status: 'Failed' }, { ...A, status: 'Failed' }, B],
      ['CREATED', 'FAILED', 'UPDATED'],
    ],
    ['failed, and came back as it was', [A, toB, { ...A, status: 'Failed' }, A], ['CREATED', 'FAILED']],
    ['stuck in a mix of both', [A, toB, { ...A, status: 'UpdateRollbackFailed' }, A], ['CREATED', 'FAILED']],
    ['maintained by AWS', [A, { ...A, status: 'SystemUpdating' }, A], ['CREATED']],
    ['scaled', [A, { ...A, status: 'Updating' }, { ...A, count: 4 }], ['CREATED']],
    ['of a status that we do not know', [A, { ...A, status: 'Pondering' }, A], ['CREATED']],
    ['being deleted, which is told when it is gone', [A, { ...A, status: 'Deleting' }], ['CREATED']],
    ['that stood before the first poll', [{ ...A, ...first }, B], ['BASELINE', 'UPDATED']],
    ['that was being updated at the first poll', [{ ...toB, ...first }, B], ['BASELINE', 'UPDATED']],
    [
      'that was being updated at the first poll, and rolled back',
      [{ ...toB, ...first }, A],
      ['BASELINE', 'ROLLED_BACK'],
    ],
    ['that was being created at the first poll', [{ ...creating, ...first }, A], ['CREATED']],
    [
      'that had failed before the first poll',
      [
        { ...A, status: 'Failed', ...first },
        { ...A, status: 'Failed' },
      ],
      [],
    ],
    [
      'that its tags keep out',
      [
        { ...A, out: true },
        { ...B, out: true },
      ],
      [],
    ],
    ['that its tags let in later', [{ ...A, out: true }, A, B], ['BASELINE', 'UPDATED']],
    ['that came in while it was being created', [{ ...creating, out: true }, A], ['CREATED']],
    [
      'that changed filters let in, and its old state is no news',
      [
        { ...A, out: true },
        { ...A, ...first },
      ],
      ['BASELINE'],
    ],
    ['that left the filters and came back', [A, { ...A, out: true }, { ...A, ...first }], ['CREATED', 'BASELINE']],
    ['that stays while the filters change', [A, { ...A, ...first }, { ...B, ...first }], ['CREATED', 'UPDATED']],
  ])('%s', (_name, states, expected) => expect(kinds(...states)).toEqual(expected));

  it('a baseline is marked as such', () =>
    expect(told({ ...A, ...first })).toMatchObject([
      { eventType: 'DEPLOYMENT', captureMode: 'BACKFILL', timestamp: CREATED },
    ]));

  it('every transition is a fact of its own, and the same polls again give the same facts', () => {
    const history = [A, B, A, { ...A, out: true }, { ...A, ...first }];
    const facts = told(...history).map(({ fact }) => fact);
    expect(new Set(facts).size).toBe(4);
    expect(told(...history).map(({ fact }) => fact)).toEqual(facts);
  });
});

describe('what a deployment carries', () => {
  it('the model before, the lineage to its training, the share of each variant; environments are committed', () => {
    const [, updated] = payloads(A, B);
    expect(updated).toMatchObject({
      modelName: 'b-main',
      previousModelName: 'a-main',
      previousEndpointConfigName: 'a',
      trainingJobName: 'b-main-job',
      instanceType: 'ml.m5.large',
      modelIdentity: { rule: 'TRAINING_JOB_NAME', value: 'b-main-job' },
      productionVariants: [
        { variantName: 'main', trafficShare: 2 / 3 },
        { variantName: 'side', trafficShare: 1 / 3 },
      ],
      models: [{ modelName: 'b-main' }, { modelName: 'b-side' }],
    });
    expect(JSON.stringify(updated)).not.toContain('"K":"V"');
  });

  it('of a configuration deleted while live what is known, and that it is gone', () => {
    const [created, shifted, updated] = payloads(
      A,
      { ...A, weight: 1.5, configGone: true },
      { ...B, configGone: true },
    );
    expect(shifted).toMatchObject({
      kind: 'TRAFFIC_SHIFT',
      modelName: 'a-main',
      modelIdentity: created?.['modelIdentity'],
      captureGaps: [{ reason: 'ENDPOINT_CONFIG_DELETED' }],
    });
    expect(updated).toMatchObject({
      kind: 'UPDATED',
      modelName: null,
      previousModelName: 'a-main',
      modelIdentity: null,
    });
  });

  it('the leading variant is the heaviest in force', () =>
    expect(payloads({ ...A, weight: 5 })[0]).toMatchObject({ modelName: 'a-side' }));
});

describe('inference components', () => {
  const one = (modelName: string, over: Partial<Component> = {}): Component => ({
    name: 'c1',
    variantName: 'main',
    modelName,
    copies: 1,
    status: 'InService',
    ...over,
  });

  it('name the model where the variants do not; another model is an update, more copies are not', () => {
    const states: State[] = [
      { ...A, components: [one('m1')] },
      { ...A, components: [one('m1', { copies: 4 })] },
      { ...A, components: [one('m1'), one('m9', { name: 'c2', copies: 0, status: 'Creating' })] },
      { ...A, components: [one('m2')] },
    ];
    expect(payloads(...states)).toMatchObject([
      { kind: 'CREATED', modelName: 'm1', inferenceComponents: [{ name: 'c1' }] },
      { kind: 'UPDATED', modelName: 'm2', previousModelName: 'm1' },
    ]);
  });

  it('are looked at again when their list changes', () => {
    const cursor = after(
      emptyCursor(),
      detectEndpoint(null, read({ ...A, components: [] }, 9), observer, false).changes,
    );
    const listed = [
      {
        arn: arn('endpoint', 'scorer'),
        name: 'scorer',
        createdAt: CREATED,
        status: 'InService',
        lastModifiedAt: minutesAgo(9),
      },
    ];
    expect(changedEndpoints(cursor, listed, new Map([[arn('endpoint', 'scorer'), '[]']]))).toEqual([]);
    expect(changedEndpoints(cursor, listed, new Map([[arn('endpoint', 'scorer'), 'c1 Creating']]))).toHaveLength(1);
  });
});

it('one that is gone ends; a quiet list describes nothing', () => {
  const cursor = after(emptyCursor(), detectEndpoint(null, read(A, 9), observer, false).changes);
  const listed = [
    {
      arn: arn('endpoint', 'scorer'),
      name: 'scorer',
      createdAt: CREATED,
      status: 'InService',
      lastModifiedAt: minutesAgo(9),
    },
  ];
  expect(changedEndpoints(cursor, listed)).toEqual([]);
  expect(goneEndpoints(cursor, listed)).toEqual([]);
  const [gone] = goneEndpoints(cursor, []);
  const ended = detectEnded(gone as never, observer);
  expect(ended.observations).toMatchObject([
    { eventType: 'DEPLOYMENT_ENDED', payload: { previousModelName: 'a-main', modelIdentity: {} } },
  ]);
  expect(after(cursor, ended.changes).endpoints.size).toBe(0);
});

it('one that never was in service ends without an event', () => {
  const cursor = after(emptyCursor(), detectEndpoint(null, read(creating, 9), observer, false).changes);
  expect(detectEnded(goneEndpoints(cursor, [])[0] as never, observer).observations).toEqual([]);
});
