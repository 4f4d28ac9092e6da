import { timeAt } from './clock';
import { Buckets, fateOf, NO_FAULTS } from './faults';
import { issueCredentials, readSession } from './sessions';

describe('the clock', () => {
  const anchor = { simulatedAt: 1_000, realAt: 100_000, rate: 60 };
  it.each([
    ['runs at its rate', 100_500, 31_000],
    ['is never ahead of the present', 200_000, 200_000],
    ['does not go back with the machine', 90_000, 1_000],
  ])('%s', (_, real, expected) => {
    expect(timeAt(anchor, real)).toBe(expected);
  });
});

describe('faults', () => {
  const faults = { ...NO_FAULTS, seed: 42, throttleRate: 0.05, errorRate: 0.01 };
  const fates = (seed: number) =>
    Array.from({ length: 20_000 }, (_, n) => fateOf({ ...faults, seed }, 'ListTrainingJobs', n + 1));

  it('come as often as they were asked for, and the same for the same seed', () => {
    const share = (fate: string) => fates(42).filter((one) => one === fate).length / 20_000;
    expect(share('throttle')).toBeCloseTo(0.05, 2);
    expect(share('error')).toBeCloseTo(0.01, 2);
    expect(fates(42)).toEqual(fates(42));
    expect(fates(42)).not.toEqual(fates(43));
  });

  it('keep to the operations they are for', () => {
    expect(fateOf({ ...faults, throttleRate: 1, operations: ['ListModels'] }, 'ListEndpoints', 1)).toBeNull();
  });
});

it('a token bucket gives its burst, then its rate, whatever the span', () => {
  const buckets = new Buckets();
  const taken = Array.from({ length: 101 }, (_, index) => buckets.take('List', 2, { burst: 2, nowMs: index * 100 }));
  expect(taken.slice(0, 3)).toEqual([true, true, false]);
  expect(taken.filter(Boolean)).toHaveLength(2 + 20);
});

describe('session credentials', () => {
  const session = {
    roleArn: 'arn:aws:iam::123456789012:role/R',
    sessionName: 's',
    issuedAt: 1,
    expiresAt: 2,
    generation: 0,
  };
  const { accessKeyId, sessionToken } = issueCredentials('seed', session);

  it('are known again by the account that issued them, and by no other', () => {
    expect(readSession('seed', accessKeyId, sessionToken)).toEqual(session);
    expect(readSession('another seed', accessKeyId, sessionToken)).toBeNull();
  });

  it('are worth nothing when altered or mixed', () => {
    const forged = Buffer.from(JSON.stringify({ ...session, expiresAt: 99 })).toString('base64url');
    expect(readSession('seed', accessKeyId, `${forged}.${sessionToken.split('.')[1]}`)).toBeNull();
    expect(readSession('seed', 'ASIAAAAAAAAAAAAAAAAA', sessionToken)).toBeNull();
    expect(readSession('seed', accessKeyId, 'nonsense')).toBeNull();
  });
});
