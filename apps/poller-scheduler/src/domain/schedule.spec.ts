import type { Integration, PollEnded } from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import { Schedule } from './schedule';

const T0 = 1_800_000_000_000;

function integration(number: number, over: Partial<Integration> = {}): Integration {
  return {
    integrationId: integrationId(number),
    organisationId: organisationId(),
    target: {
      awsAccountId: '123456789012',
      region: 'eu-west-2',
      roleArn: 'arn:aws:iam::123456789012:role/A',
      externalId: 'x',
    },
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
    status: 'ACTIVE',
    test: null,
    registeredAt: '2026-03-02T11:00:00.000Z',
    activeSince: '2026-03-02T11:00:00.000Z',
    revision: 1,
    ...over,
  };
}

const ended = (number: number, atMs: number, outcome: PollEnded['outcome'] = 'OK'): PollEnded =>
  ({
    integrationId: integrationId(number),
    organisationId: organisationId(),
    outcome,
    endedAtLocal: new Date(atMs).toISOString(),
  }) as PollEnded;

const firstDue = (schedule: Schedule, fromMs: number): number => {
  for (let at = fromMs; at < fromMs + 3_600_000; at += 100) if (schedule.due(at).length > 0) return at;
  throw new Error('Never due.');
};

describe('what is due', () => {
  it('asks for an integration as soon as it is ACTIVE, and not again within its interval', () => {
    const schedule = new Schedule(1);
    schedule.set(integration(1), T0);
    expect(schedule.due(T0)).toMatchObject([{ awsAccountId: '123456789012', integrationIds: [integrationId(1)] }]);
    expect(schedule.due(T0 + 59_000)).toEqual([]);
    expect(schedule.due(T0 + 60_000)).toHaveLength(1);
  });

  it('asks once for all integrations of an account and region', () => {
    const schedule = new Schedule(1);
    for (const number of [1, 2, 3]) schedule.set(integration(number), T0);
    schedule.set(integration(4, { target: { ...integration(4).target, region: 'us-east-1' } }), T0);
    expect(
      schedule
        .due(T0)
        .map(({ integrationIds }) => integrationIds.length)
        .sort(),
    ).toEqual([1, 3]);
  });

  it.each(['PENDING', 'REFUSED', 'PAUSED', 'REMOVED'] as const)('asks for nothing while it is %s', (status) => {
    const schedule = new Schedule(1);
    schedule.set(integration(1), T0);
    schedule.set(integration(1, { status }), T0);
    expect(schedule.due(T0 + 3_600_000)).toEqual([]);
    expect(schedule.find(integrationId(1), organisationId())).toBeNull();
  });

  it('spreads integrations over the interval, each always at its own place', () => {
    const places = Array.from({ length: 50 }, (_, number) => {
      const schedule = new Schedule(1);
      schedule.set(integration(number), T0);
      schedule.due(T0);
      schedule.ended(ended(number, T0 + 1_000));
      const one = firstDue(schedule, T0 + 1_000);
      schedule.ended(ended(number, one + 500));
      expect((firstDue(schedule, one + 500) - one) % 60_000).toBe(0);
      return Math.floor((one % 60_000) / 10_000);
    });
    expect(new Set(places).size).toBeGreaterThan(3);
  });

  it('asks half as often each time the account throttles, and comes back when it does not', () => {
    const schedule = new Schedule(1);
    schedule.set(integration(1), T0);
    schedule.due(T0);
    let at = T0;
    for (const minutes of [2, 4, 8, 16, 16]) {
      schedule.ended(ended(1, at + 1, 'THROTTLED'));
      const next = firstDue(schedule, at + 1);
      expect(next - at).toBeLessThanOrEqual(minutes * 60_000 + 100);
      schedule.ended(ended(1, next + 1, 'THROTTLED'));
      at = next + 1;
      if (minutes === 16) break;
    }
    for (let count = 0; count < 5; count += 1) schedule.ended(ended(1, at));
    expect(firstDue(schedule, at) - at).toBeLessThanOrEqual(60_100);
  });

  it('runs as many times faster as the simulator does', () => {
    const schedule = new Schedule(60);
    schedule.set(integration(1), T0);
    schedule.due(T0);
    expect(schedule.due(T0 + 1_000)).toHaveLength(1);
  });

  it('says how long an account is free, and asks again soon where its subject was occupied', () => {
    const schedule = new Schedule(1);
    for (const number of [1, 2]) schedule.set(integration(number), T0);
    const [request] = schedule.due(T0);
    expect(schedule.free(integration(1), T0 + 10_000)).toEqual({ freeMs: 50_000, intervalMs: 60_000 });
    schedule.occupied(request as never, T0 + 10_000);
    expect(schedule.free(integration(2), T0 + 10_000).freeMs).toBe(1_000);
    expect(schedule.due(T0 + 11_000)).toHaveLength(1);
  });

  it('tells another organisation nothing', () => {
    const schedule = new Schedule(1);
    schedule.set(integration(1), T0);
    expect(schedule.find(integrationId(1), organisationId(2))).toBeNull();
  });
});
