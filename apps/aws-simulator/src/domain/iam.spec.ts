import { type Caller, evaluate, like, parsePolicy } from './iam';
import type { JsonObject } from './json';

const user: Caller = {
  accountId: '891377069453',
  arn: 'arn:aws:iam::891377069453:user/audital',
  userId: 'AIDA',
  roleArn: null,
};
const session: Caller = {
  accountId: '891377069453',
  arn: 'arn:aws:sts::891377069453:assumed-role/Collector/pod-1',
  userId: 'AROA:pod-1',
  roleArn: 'arn:aws:iam::891377069453:role/Collector',
};
const stranger: Caller = { ...user, accountId: '000000000001', arn: 'arn:aws:iam::000000000001:user/eve' };

const trust = (principal: unknown, externalId?: string | string[]) =>
  parsePolicy(
    {
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: principal },
        Action: 'sts:AssumeRole',
        ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
      },
    } as JsonObject,
    'trust',
  );

const assumes = (policy: ReturnType<typeof trust>, principal: Caller, externalId?: string) =>
  evaluate(policy, {
    action: 'sts:AssumeRole',
    resource: 'arn:aws:iam::123456789012:role/R',
    principal,
    context: { 'sts:externalid': externalId },
  });

describe('a trust policy', () => {
  it.each([
    ['the account', 'arn:aws:iam::891377069453:root', user, 'Allow'],
    ['the account', 'arn:aws:iam::891377069453:root', session, 'Allow'],
    ['the account by its number', '891377069453', session, 'Allow'],
    ['another account', 'arn:aws:iam::891377069453:root', stranger, 'ImplicitDeny'],
    ['the role behind the session', 'arn:aws:iam::891377069453:role/Collector', session, 'Allow'],
    ['the session itself', 'arn:aws:sts::891377069453:assumed-role/Collector/pod-1', session, 'Allow'],
    ['another role', 'arn:aws:iam::891377069453:role/Other', session, 'ImplicitDeny'],
    ['a role, for a user of its account', 'arn:aws:iam::891377069453:role/Collector', user, 'ImplicitDeny'],
    ['anybody', '*', stranger, 'Allow'],
  ])('that names %s (%s)', (_, principal, caller, expected) => {
    expect(assumes(trust(principal), caller)).toBe(expected);
  });

  it('demands the external id when it says so, and takes any or none when it does not', () => {
    const demanding = trust('891377069453', 'right');
    expect(assumes(demanding, user, 'right')).toBe('Allow');
    expect(assumes(demanding, user, 'wrong')).toBe('ImplicitDeny');
    expect(assumes(demanding, user)).toBe('ImplicitDeny');
    const rotating = trust('891377069453', ['old', 'new']);
    expect(['old', 'new', 'other'].map((id) => assumes(rotating, user, id))).toEqual([
      'Allow',
      'Allow',
      'ImplicitDeny',
    ]);
    expect(assumes(trust('891377069453'), user, 'whatever')).toBe('Allow');
  });
});

describe('a permission policy', () => {
  const policy = parsePolicy(
    {
      Statement: [
        { Effect: 'Allow', Action: ['sagemaker:List*', 'sagemaker:describetrainingjob'], Resource: '*' },
        { Effect: 'Allow', Action: 'sagemaker:DescribeModel', Resource: 'arn:aws:sagemaker:*:*:model/credit-?' },
        { Effect: 'Deny', Action: 'sagemaker:ListModels', Resource: '*' },
      ],
    },
    'permissions',
  );
  it.each([
    ['sagemaker:ListEndpoints', '*', 'Allow'],
    ['sagemaker:DescribeTrainingJob', 'arn:x', 'Allow'],
    ['sagemaker:DescribeModel', 'arn:aws:sagemaker:eu-west-2:1:model/credit-1', 'Allow'],
    ['sagemaker:DescribeModel', 'arn:aws:sagemaker:eu-west-2:1:model/credit-12', 'ImplicitDeny'],
    ['sagemaker:ListModels', '*', 'ExplicitDeny'],
    ['cloudwatch:ListMetrics', '*', 'ImplicitDeny'],
  ])('%s on %s: %s', (action, resource, expected) => {
    expect(evaluate(policy, { action, resource, context: {} })).toBe(expected);
  });

  it.each([
    ['NotAction', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }],
    [
      'an unknown operator',
      { Effect: 'Allow', Action: '*', Resource: '*', Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
    ],
    ['another effect', { Effect: 'Maybe', Action: '*', Resource: '*' }],
    ['no resource', { Effect: 'Allow', Action: '*' }],
  ])('is refused when it has %s, rather than evaluated in part', (_, statement) => {
    expect(() => parsePolicy({ Statement: statement } as JsonObject, 'permissions')).toThrow(/policy\.Statement\[0\]/);
  });
});

it('takes a pattern letter by letter, but for * and ?', () => {
  expect(like('a.c', 'abc')).toBe(false);
  expect(like('a*c', 'a\nc')).toBe(true);
  expect(like('a?', 'a')).toBe(false);
});
