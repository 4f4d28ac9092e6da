import {
  AWS_PERMISSIONS,
  type DoctorRow,
  grants,
  type PolicyStatement,
  type PolicyTier,
  statementFor,
  type TestReply,
  type TestRequest,
  type TrustPolicy,
} from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import { testIntegration } from './doctor';
import {
  type AwsSimulator,
  EXTERNAL_ID,
  OPERATOR_ARN,
  ROLE_ARN,
  ROLE_NAME,
  startSimulator,
} from './testing/aws-simulator';

const BUCKET = 'monitoring-reports';
const KEY_ARN = 'arn:aws:kms:eu-west-2:123456789012:key/reports';
const PLACE = { partition: 'aws', reports: { bucket: BUCKET, prefix: '' } };
const request: TestRequest = {
  organisationId: organisationId(),
  integrationId: integrationId(),
  awsAccountId: '123456789012',
  region: 'eu-west-2',
  roleArn: ROLE_ARN,
  externalIds: { current: EXTERNAL_ID, next: null, retired: null },
  namePrefix: 'credit-scorer',
};
const test = testIntegration(() => new Date());
const actionsOf = (tier: PolicyTier) => AWS_PERMISSIONS.filter((one) => grants(tier, one)).map(({ action }) => action);
const ALL = actionsOf('full');

let aws: AwsSimulator;
beforeAll(async () => {
  aws = await startSimulator();
  await aws.run(
    { type: 'createMonitoringSchedule', ...SCHEDULE },
    { type: 'startMonitoringExecution', schedule: SCHEDULE.name, processingJobName: 'monitor-1' },
    {
      type: 'finishMonitoringExecution',
      processingJobName: 'monitor-1',
      outcome: 'violations',
      violations: [{ feature_name: 'x', constraint_check_type: 'missing_column_check', description: 'gone' }],
      kmsKeyArn: KEY_ARN,
    },
  );
}, 60_000);
afterAll(() => aws.stop());

const SCHEDULE = {
  name: 'credit-scorer-monitor',
  endpointName: 'credit-scorer-prod',
  monitoringType: 'DataQuality',
  outputUri: `s3://${BUCKET}/reports`,
};

const allow = (actions: string[]): PolicyStatement[] => actions.map((action) => statementFor([action], PLACE));
const permit = (...Statement: object[]): Promise<void> =>
  aws.run({ type: 'setPermissionPolicy', role: ROLE_NAME, policy: { Version: '2012-10-17', Statement } });
const trusting = (policy: object): Promise<void> => aws.run({ type: 'setTrustPolicy', role: ROLE_NAME, policy });
const trust = (principal: unknown, externalId: string | string[] | null): object => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: 'sts:AssumeRole',
      ...(externalId === null ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
    },
  ],
});
const rowOf = ({ rows }: TestReply, check: string): DoctorRow => {
  const found = rows.filter((row) => row.check === check);
  expect(found).toHaveLength(1);
  return found[0] as DoctorRow;
};
const notGranted = ({ rows }: TestReply): string[] =>
  rows.filter(({ status }) => status !== 'GRANTED').map(({ check, status }) => `${check} ${status}`);

beforeEach(async () => {
  await permit(...allow(ALL));
  await trusting(trust('arn:aws:iam::891377069453:root', EXTERNAL_ID));
  await aws.run({ type: 'setFaults' }, { type: 'setRegion', enabled: true });
});

it('a role with everything: every row is granted, one for each permission and each other check', async () => {
  const reply = await test(request);
  expect(notGranted(reply)).toEqual([]);
  expect(reply).toMatchObject({ outcome: 'ACCEPTED', reason: null });
  expect(reply.rows.map(({ check }) => check)).toEqual([
    'own identity',
    'clock',
    'the right external id is accepted',
    'a wrong external id is refused',
    'a missing external id is refused',
    'account',
    'region',
    ...ALL,
  ]);
});

describe('each action denied in turn', () => {
  it.each(ALL)(
    '%s: cause, loss and patch; the patch turns the row green',
    async (action) => {
      const rest = allow(ALL.filter((other) => other !== action));
      await permit(...rest);
      const reply = await test(request);
      expect(reply.outcome).toBe('ACCEPTED');
      const row = rowOf(reply, action);
      expect(row.status).toBe('DENIED');
      expect(row.detail).toMatch(/AccessDenied|Forbidden|Unknown/);
      expect(row.loss).toBe(AWS_PERMISSIONS.find((one) => one.action === action)?.loss);
      expect(row.statement).toEqual(statementFor([action], PLACE));
      // What cannot be asked for without it is skipped, never called granted.
      const others = notGranted(reply).filter((other) => !other.startsWith(action));
      expect(others.every((other) => other.endsWith('SKIPPED'))).toBe(true);
      await permit(...rest, row.statement as PolicyStatement);
      expect(notGranted(await test(request))).toEqual([]);
    },
    30_000,
  );
});

it('everything denied at once: patch after patch makes it whole; reports show only to who may see the monitors', async () => {
  const statements: object[] = [{ Effect: 'Allow', Action: 'sagemaker:AddTags', Resource: '*' }];
  const patches: string[][] = [];
  for (let pass = 0; pass < 4; pass += 1) {
    await permit(...statements);
    const offered = (await test(request)).rows.flatMap(({ statement }) => statement ?? []);
    statements.push(...offered);
    patches.push(offered.map(({ Action }) => String(Action).split(':')[0] as string));
  }
  expect(patches.map((services) => [...new Set(services)])).toEqual([['sagemaker', 'cloudwatch'], ['s3'], ['kms'], []]);
  expect(notGranted(await test(request))).toEqual([]);
}, 30_000);

it('an explicit Deny is said to be one, and no Allow is offered against it', async () => {
  await permit(...allow(ALL), { Effect: 'Deny', Action: 'sagemaker:ListTags', Resource: '*' });
  const row = rowOf(await test(request), 'sagemaker:ListTags');
  expect(row).toMatchObject({ status: 'DENIED', statement: null });
  expect(row.detail).toContain('take the Deny out');
  await permit(...allow(ALL));
  await aws.run({ type: 'setFaults', denyActions: ['cloudwatch:*'] });
  const reply = await test(request);
  expect(notGranted(reply)).toEqual(['cloudwatch:GetMetricData DENIED', 'cloudwatch:ListMetrics DENIED']);
  expect(rowOf(reply, 'cloudwatch:ListMetrics').detail).toContain('service control policy');
});

it('a policy that is limited to the prefix is enough for an integration with that prefix', async () => {
  const scoped = statementFor(['sagemaker:DescribeTrainingJob'], PLACE);
  const Resource = 'arn:aws:sagemaker:eu-west-2:123456789012:training-job/credit-scorer*';
  await permit(...allow(ALL.filter((one) => one !== 'sagemaker:DescribeTrainingJob')), { ...scoped, Resource });
  expect(notGranted(await test(request))).toEqual([]);
  expect(notGranted(await test({ ...request, namePrefix: null }))).toEqual(['sagemaker:DescribeTrainingJob DENIED']);
});

describe('the trust policy', () => {
  const healed = async (reply: TestReply): Promise<void> => {
    const patches = reply.rows.flatMap(({ trustPolicy }) => (trustPolicy ? [trustPolicy] : []));
    expect(patches.length).toBeGreaterThan(0);
    await trusting(patches[0] as TrustPolicy);
    expect(notGranted(await test(request))).toEqual([]);
  };

  it.each([
    ['the account root', 'arn:aws:iam::891377069453:root'],
    ['the account by number', '891377069453'],
    ['exactly us', OPERATOR_ARN],
    ['us among others', ['arn:aws:iam::111122223333:role/other', OPERATOR_ARN]],
  ])('may name %s', async (_, principal) => {
    await trusting(trust(principal, EXTERNAL_ID));
    expect(notGranted(await test(request))).toEqual([]);
  });

  it('may name the role that Audital runs as, and the patch names it too', async () => {
    const roleArn = 'arn:aws:iam::891377069453:role/collector';
    await aws.run({ type: 'putAccessKey', accessKeyId: 'AKIACOLLECTORSROLE00', arn: roleArn });
    const before = process.env['AWS_ACCESS_KEY_ID'];
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIACOLLECTORSROLE00';
    try {
      await trusting(trust(roleArn, EXTERNAL_ID));
      expect(notGranted(await test(request))).toEqual([]);
      await trusting(trust(roleArn, null));
      const reply = await test(request);
      expect(rowOf(reply, 'a missing external id is refused').trustPolicy).toEqual(trust(roleArn, EXTERNAL_ID));
      await healed(reply);
    } finally {
      process.env['AWS_ACCESS_KEY_ID'] = before;
    }
  });

  it.each([
    ['asks for no external id', trust('arn:aws:iam::891377069453:root', null), ['wrong', 'missing']],
    ['lets anybody in', trust('*', null), ['wrong', 'missing']],
    [
      'takes any external id',
      {
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: OPERATOR_ARN },
            Action: 'sts:AssumeRole',
            Condition: { StringLike: { 'sts:ExternalId': '*' } },
          },
        ],
      },
      ['wrong'],
    ],
  ])('that %s refuses activation, says which id got in, and is put right by the patch', async (_, policy, open) => {
    await trusting(policy);
    const reply = await test(request);
    expect(reply).toMatchObject({ outcome: 'REFUSED', reason: { code: 'INSECURE_TRUST_POLICY' } });
    for (const kind of ['wrong', 'missing']) {
      const row = rowOf(reply, `a ${kind} external id is refused`);
      expect(row.status).toBe(open.includes(kind) ? 'DENIED' : 'GRANTED');
      if (open.includes(kind)) expect(row.loss).toBe('The integration is not activated.');
    }
    expect(rowOf(reply, 'sagemaker:ListTrainingJobs').status).toBe('SKIPPED');
    await healed(reply);
  });

  it.each([
    ['another external id', trust(OPERATOR_ARN, 'aud_ext_99999999999999999999')],
    ['another principal', trust('arn:aws:iam::891377069453:role/other', EXTERNAL_ID)],
    ['another account', trust('arn:aws:iam::111122223333:root', EXTERNAL_ID)],
  ])('with %s: the role cannot be assumed, the candidates are named, and the patch opens it', async (_, policy) => {
    await trusting(policy);
    const reply = await test(request);
    expect(reply).toMatchObject({ outcome: 'REFUSED', reason: { code: 'ROLE_NOT_ASSUMABLE' } });
    for (const candidate of ['may not exist', 'principal', 'external id', 'sts:AssumeRole'])
      expect(reply.reason?.message).toContain(candidate);
    const row = rowOf(reply, 'the right external id is accepted');
    expect(row).toMatchObject({ status: 'DENIED', trustPolicy: trust(OPERATOR_ARN, EXTERNAL_ID) });
    await healed(reply);
  });

  it('a role that does not exist is answered alike: AWS does not tell', async () => {
    const reply = await test({ ...request, roleArn: 'arn:aws:iam::123456789012:role/nobody' });
    expect(reply.reason?.code).toBe('ROLE_NOT_ASSUMABLE');
  });
});

describe('while the external id is being replaced', () => {
  const NEXT = 'aud_ext_nextnextnextnextnext';
  const rotating = { ...request, externalIds: { current: EXTERNAL_ID, next: NEXT, retired: null } };

  it('either opens the role; the row says whether the next one does, and its patch holds both', async () => {
    const before = await test(rotating);
    expect(before.outcome).toBe('ACCEPTED');
    expect(notGranted(before)).toEqual(['the next external id is accepted DENIED']);
    const row = rowOf(before, 'the next external id is accepted');
    expect(row.trustPolicy).toEqual(trust(OPERATOR_ARN, [NEXT, EXTERNAL_ID]));
    await trusting(row.trustPolicy as TrustPolicy);
    expect(notGranted(await test(rotating))).toEqual([]);
    await trusting(trust(OPERATOR_ARN, NEXT));
    expect(notGranted(await test(rotating))).toEqual([]);
  });

  it('one that was retired and still opens the role is told, without refusing it', async () => {
    await trusting(trust(OPERATOR_ARN, [NEXT, EXTERNAL_ID]));
    const after = { ...request, externalIds: { current: NEXT, next: null, retired: EXTERNAL_ID } };
    const reply = await test(after);
    expect(reply.outcome).toBe('ACCEPTED');
    const row = rowOf(reply, 'the retired external id is refused');
    expect(row).toMatchObject({ status: 'DENIED', trustPolicy: trust(OPERATOR_ARN, NEXT) });
    await trusting(row.trustPolicy as TrustPolicy);
    expect(notGranted(await test(after))).toEqual([]);
  });
});

describe('where it leads', () => {
  it('to another account: refused, and nothing there is read', async () => {
    const reply = await test({ ...request, awsAccountId: '210987654321' });
    expect(reply).toMatchObject({ outcome: 'REFUSED', reason: { code: 'WRONG_ACCOUNT' } });
    const row = rowOf(reply, 'account');
    expect([row.status, row.loss, row.detail]).toEqual([
      'DENIED',
      'The integration is not activated.',
      expect.stringContaining('123456789012'),
    ]);
    expect(rowOf(reply, 'sagemaker:ListEndpoints').status).toBe('SKIPPED');
  });

  it('to a region that is not enabled: refused, and active again once it is', async () => {
    await aws.run({ type: 'setRegion', enabled: false });
    const reply = await test(request);
    expect(reply).toMatchObject({ outcome: 'REFUSED', reason: { code: 'REGION_DISABLED' } });
    expect(rowOf(reply, 'region')).toMatchObject({ status: 'DENIED', loss: 'The integration is not activated.' });
    await aws.run({ type: 'setRegion', enabled: true });
    expect(notGranted(await test(request))).toEqual([]);
  });

  describe('to a name that no resolver knows', () => {
    const nowhere = { ...request, region: 'eu-west-9' };
    beforeEach(() => (process.env['AWS_ENDPOINT_URL_STS'] = 'http://sts.eu-west-9.invalid'));
    afterEach(() => delete process.env['AWS_ENDPOINT_URL_STS']);

    it('is refused as a region that AWS does not have, if other names of AWS are found', async () => {
      const asked: string[] = [];
      const reply = await testIntegration(
        () => new Date(),
        (name) => Promise.resolve(asked.push(name)),
      )(nowhere);
      expect(reply).toMatchObject({ outcome: 'REFUSED', reason: { code: 'REGION_UNKNOWN' } });
      expect(rowOf(reply, 'region')).toMatchObject({ status: 'DENIED', detail: expect.stringContaining('eu-west-9') });
      expect(rowOf(reply, 'sagemaker:ListEndpoints').status).toBe('SKIPPED');
      expect(asked).toEqual(['sts.us-east-1.amazonaws.com']);
    });

    it('is tried again, if no name is found at all: then the network is away', async () => {
      const offline = testIntegration(
        () => new Date(),
        () => Promise.reject(new Error('ENOTFOUND')),
      );
      await expect(offline(nowhere)).rejects.toMatchObject({ name: 'Unavailable' });
    });
  });

  it.each([
    [600_000, 'behind'],
    [-600_000, 'ahead of'],
  ])('a clock that is wrong by %i ms is told with its direction, and refuses nothing', async (clockSkewMs, way) => {
    await aws.run({ type: 'setFaults', clockSkewMs });
    const reply = await test(request);
    expect(reply.outcome).toBe('ACCEPTED');
    expect(notGranted(reply)).toEqual(['clock DENIED']);
    const row = rowOf(reply, 'clock');
    expect(row.detail).toMatch(new RegExp(`(600|599|601) s ${way} AWS`));
    expect(row.loss).toContain('Sealing times');
    await aws.run({ type: 'setFaults' });
    expect(notGranted(await test(request))).toEqual([]);
  });
});

it('throttled and silent answers are neither granted nor denied', async () => {
  await aws.run({ type: 'setFaults', operations: ['ListModels'], throttleRate: 1 });
  expect(notGranted(await test(request))).toEqual(['sagemaker:ListModels THROTTLED']);
  await aws.run({ type: 'setFaults', operations: ['ListModels'], errorRate: 1 });
  expect(notGranted(await test(request))).toEqual(['sagemaker:ListModels SKIPPED']);
}, 30_000);

it('says of our own credentials when they are what is wrong', async () => {
  const before = process.env['AWS_ACCESS_KEY_ID'];
  process.env['AWS_ACCESS_KEY_ID'] = 'AKIANOBODYHASTHISKEY';
  try {
    const reply = await test(request);
    expect(reply).toMatchObject({ outcome: 'REFUSED', reason: { code: 'ROLE_NOT_ASSUMABLE' } });
    expect(rowOf(reply, 'own identity').detail).toContain('Give the collector AWS credentials');
  } finally {
    process.env['AWS_ACCESS_KEY_ID'] = before;
  }
});
