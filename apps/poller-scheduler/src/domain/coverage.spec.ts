import type { CoveragePayload, GapPayload, Integration, IntegrationStatus, PollEnded } from '@audital/contracts';
import { integrationId, organisationId } from '@audital/testing';
import { Coverage } from './coverage';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 10:00 sharp, so that hours are easy to read. */
const T0 = Date.parse('2026-03-02T10:00:00.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();

function integration(status: IntegrationStatus, syncInterval = 60): Integration {
  return {
    integrationId: integrationId(),
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
      syncInterval,
      filters: { namePrefix: null, tags: {} },
      captureMetrics: true,
      captureHyperparameters: true,
      captureTrainingStarted: false,
      backfillDays: 0,
      modelIdentity: { tag: null },
    },
    status,
    test: null,
    registeredAt: iso(T0),
    activeSince: iso(T0),
    revision: 1,
  };
}

type Happening = { at: number; poll?: Partial<PollEnded>; status?: IntegrationStatus };
const good = (at: number, over: Partial<PollEnded> = {}): Happening => ({ at, poll: over });
const bad = (at: number, outcome: PollEnded['outcome'], reason = 'No.'): Happening => ({
  at,
  poll: { outcome, reason },
});
const becomes = (at: number, status: IntegrationStatus): Happening => ({ at, status });
/** Every minute from `from` to `to`, both included. */
const everyMinute = (from: number, to: number): Happening[] =>
  Array.from({ length: (to - from) / MINUTE + 1 }, (_, index) => good(from + index * MINUTE));

function pollEnded(at: number, over: Partial<PollEnded>): PollEnded {
  const failed = over.outcome !== undefined && over.outcome !== 'OK';
  return {
    v: 1,
    organisationId: organisationId(),
    integrationId: integrationId(),
    outcome: 'OK',
    reason: null,
    startedAt: iso(at),
    endedAt: iso(at),
    windowFrom: failed ? null : iso(at - 5 * MINUTE),
    windowTo: failed ? null : iso(at),
    endedAtLocal: iso(at),
    observations: 1,
    pages: 3,
    items: 7,
    calls: { ListEndpoints: 1 },
    throttles: 0,
    ...over,
  };
}

/** Given what the broker still had at the start, when the rest happens and time passes to `until`, then this is said, in order. */
function said(o: { given?: Happening[]; startedAt?: number; when?: Happening[]; until: number; speed?: number }) {
  const coverage = new Coverage(o.speed ?? 1);
  const startedAt = o.startedAt ?? T0 - HOUR;
  const events = [...(o.given ?? []), ...(o.when ?? [])];
  const take = ({ at, poll, status }: Happening): void => {
    if (status) coverage.changed(integration(status), at);
    if (poll) coverage.polled(pollEnded(at, poll));
  };
  // As at a start: the integration's whole stream first, then the polls.
  for (const event of (o.given ?? []).filter(({ status }) => status)) take(event);
  for (const event of (o.given ?? []).filter(({ poll }) => poll)) take(event);
  coverage.replayed(startedAt);
  const out = [];
  for (let now = Math.max(startedAt, events[0]?.at ?? 0); now <= o.until; now += 10_000) {
    for (const event of (o.when ?? []).filter(({ at }) => at <= now && at > now - 10_000)) take(event);
    out.push(...coverage.judge(now).map(({ observation }) => ({ ...observation, saidAt: now })));
  }
  return out;
}

type Words = ReturnType<typeof said>;
const gaps = (words: Words) =>
  words
    .filter(({ eventType }) => eventType === 'COVERAGE_GAP')
    .map((word) => ({ ...word, payload: word.payload as unknown as GapPayload }));
const hours = (words: Words) =>
  words
    .filter(({ eventType }) => eventType === 'COVERAGE')
    .map((word) => ({ ...word, payload: word.payload as unknown as CoveragePayload }));

describe('the hour that is told', () => {
  it('sums its polls, once the next successful poll lies beyond it', () => {
    const words = said({
      when: [becomes(T0, 'ACTIVE'), ...everyMinute(T0, T0 + HOUR + MINUTE)],
      until: T0 + HOUR + MINUTE,
    });
    expect(gaps(words)).toEqual([]);
    expect(hours(words)).toHaveLength(1);
    const [hour] = hours(words);
    expect(hour).toMatchObject({
      fact: `coverage | ${integrationId()} | ${iso(T0)}`,
      severity: 'INFO',
      saidAt: T0 + HOUR,
      payload: {
        hour: iso(T0),
        from: iso(T0),
        to: iso(T0 + HOUR),
        expectedMs: HOUR,
        observedMs: HOUR,
        windows: [{ from: iso(T0), to: iso(T0 + HOUR) }],
        gaps: [],
        polls: { OK: 60 },
        pages: 180,
        items: 420,
        events: 60,
        errors: 0,
        calls: { ListEndpoints: 60 },
        ended: null,
        basis: 'POLLS',
      },
    });
  });

  it('counts polls that could not look as errors, and what they cost', () => {
    const when = [
      becomes(T0, 'ACTIVE'),
      ...everyMinute(T0, T0 + HOUR).map((one) =>
        one.at === T0 + 30 * MINUTE ? { at: one.at, poll: { outcome: 'THROTTLED' as const, throttles: 4 } } : one,
      ),
    ];
    const [hour] = hours(said({ when, until: T0 + HOUR }));
    expect(hour?.payload).toMatchObject({ polls: { OK: 59, THROTTLED: 1 }, errors: 1, throttles: 4, observedMs: HOUR });
  });

  it('is said for every hour while nobody looks: silence is no "nothing happened"', () => {
    const when = [becomes(T0, 'ACTIVE'), ...everyMinute(T0, T0 + 30 * MINUTE)];
    const words = hours(said({ when, until: T0 + 3 * HOUR }));
    expect(words.map(({ payload }) => [payload.hour, payload.observedMs, payload.expectedMs])).toEqual([
      [iso(T0), 30 * MINUTE, HOUR],
      [iso(T0 + HOUR), 0, HOUR],
      [iso(T0 + 2 * HOUR), 0, HOUR],
    ]);
    expect(words.map(({ severity }) => severity)).toEqual(['MEDIUM', 'MEDIUM', 'MEDIUM']);
  });

  it('says that coverage was ended by a pause, and expects nothing of the paused time', () => {
    const when = [
      becomes(T0, 'ACTIVE'),
      ...everyMinute(T0, T0 + 20 * MINUTE),
      becomes(T0 + 20 * MINUTE + 30_000, 'PAUSED'),
      becomes(T0 + 3 * HOUR, 'ACTIVE'),
      ...everyMinute(T0 + 3 * HOUR + MINUTE, T0 + 4 * HOUR),
    ];
    const words = said({ when, until: T0 + 4 * HOUR });
    expect(gaps(words)).toEqual([]);
    expect(hours(words).map(({ payload }) => payload)).toMatchObject([
      {
        hour: iso(T0),
        expectedMs: 20 * MINUTE,
        observedMs: 20 * MINUTE,
        ended: { reason: 'PAUSED', at: iso(T0 + 20 * MINUTE + 30_000) },
      },
      { hour: iso(T0 + 3 * HOUR), expectedMs: HOUR, observedMs: HOUR, ended: null },
    ]);
  });

  it('says that it was ended by deletion', () => {
    const when = [becomes(T0, 'ACTIVE'), ...everyMinute(T0, T0 + 20 * MINUTE), becomes(T0 + 21 * MINUTE, 'REMOVED')];
    const words = said({ when, until: T0 + 5 * HOUR });
    expect(gaps(words)).toEqual([]);
    expect(hours(words).map(({ payload }) => payload.ended?.reason)).toEqual(['REMOVED']);
  });

  it('tells backfill and reconciliation apart from looking', () => {
    const slice = { kind: 'RECONCILE' as const, observations: 2, pages: 4, items: 300 };
    const when = [becomes(T0, 'ACTIVE'), ...everyMinute(T0, T0 + HOUR), good(T0 + 90_000, slice)];
    const [hour] = hours(said({ when, until: T0 + HOUR }));
    expect(hour?.payload).toMatchObject({
      events: 60,
      polls: { OK: 60 },
      reconciliation: { polls: 1, errors: 0, pages: 4, items: 300, found: 2 },
      backfill: null,
    });
  });
});

describe('the gap', () => {
  const before = [becomes(T0, 'ACTIVE'), ...everyMinute(T0, T0 + 10 * MINUTE)];
  const lastGood = T0 + 10 * MINUTE;

  it('is none while three intervals have not passed', () => {
    const when = [...before, good(lastGood + 3 * MINUTE)];
    expect(gaps(said({ when, until: lastGood + 4 * MINUTE }))).toEqual([]);
  });

  it('is said OPEN as soon as three intervals have passed, and CLOSED with the exact window', () => {
    const when = [...before, good(lastGood + 8 * MINUTE, { windowFrom: iso(lastGood - MINUTE) })];
    const words = gaps(said({ when, until: lastGood + 9 * MINUTE }));
    expect(words).toMatchObject([
      {
        fact: `gap | ${integrationId()} | ${iso(lastGood)} | OPEN`,
        severity: 'MEDIUM',
        timestamp: iso(lastGood),
        saidAt: lastGood + 3 * MINUTE + 10_000,
        payload: { state: 'OPEN', reason: 'NOT_POLLED', from: iso(lastGood), to: null, basis: 'POLLS' },
      },
      {
        fact: `gap | ${integrationId()} | ${iso(lastGood)} | CLOSED`,
        severity: 'INFO',
        timestamp: iso(lastGood + 8 * MINUTE),
        payload: {
          state: 'CLOSED',
          to: iso(lastGood + 8 * MINUTE),
          durationMs: 8 * MINUTE,
          recovered: true,
          endedBy: 'POLL',
        },
      },
    ]);
  });

  it('is not recovered when the poll that ended it did not look back over it', () => {
    const when = [...before, good(lastGood + 8 * MINUTE, { windowFrom: iso(lastGood + MINUTE) })];
    expect(gaps(said({ when, until: lastGood + 9 * MINUTE }))[1]).toMatchObject({
      severity: 'MEDIUM',
      payload: { recovered: false },
    });
  });

  it.each([
    ['ACCESS_LOST', 'HIGH'],
    ['THROTTLED', 'MEDIUM'],
    ['AWS_UNAVAILABLE', 'MEDIUM'],
    ['FAILED', 'MEDIUM'],
  ] as const)('names %s as its reason, %s', (outcome, severity) => {
    const when = [
      ...before,
      ...[1, 2, 3, 4].map((minutes) => bad(lastGood + minutes * MINUTE, outcome, 'The role is gone.')),
    ];
    expect(gaps(said({ when, until: lastGood + 5 * MINUTE }))).toMatchObject([
      { severity, payload: { state: 'OPEN', reason: outcome, detail: 'The role is gone.' } },
    ]);
  });

  it('begins with the activation when no poll ever succeeded', () => {
    const when = [becomes(T0, 'ACTIVE'), bad(T0 + MINUTE, 'ACCESS_LOST')];
    expect(gaps(said({ when, until: T0 + 5 * MINUTE }))).toMatchObject([
      { payload: { lastGoodPollAt: iso(T0), reason: 'ACCESS_LOST', basis: 'POLLS' } },
    ]);
  });

  it('ends with a pause, and says so', () => {
    const when = [...before, becomes(lastGood + 6 * MINUTE, 'PAUSED')];
    expect(gaps(said({ when, until: lastGood + 20 * MINUTE })).map(({ payload }) => payload)).toMatchObject([
      { state: 'OPEN' },
      { state: 'CLOSED', to: iso(lastGood + 6 * MINUTE), endedBy: 'PAUSED', recovered: false },
    ]);
  });

  it('is measured by our clock when a simulated one jumps', () => {
    const jump = { endedAt: iso(T0 + HOUR), windowTo: iso(T0 + HOUR), windowFrom: iso(T0) };
    const when = [becomes(T0, 'ACTIVE'), good(T0 + 1_000), { at: T0 + 2_000, poll: jump }];
    expect(gaps(said({ when, until: T0 + 2_000, speed: 60 }))).toEqual([]);
  });
});

describe('after a start', () => {
  const given = [becomes(T0, 'ACTIVE'), ...everyMinute(T0, T0 + 10 * MINUTE)];
  const lastGood = T0 + 10 * MINUTE;

  it('says nothing before the polls have been replayed', () => {
    const coverage = new Coverage(1);
    coverage.changed(integration('ACTIVE'), T0);
    expect(coverage.judge(T0 + HOUR)).toEqual([]);
  });

  it('judges by what it replayed: a gap that fell into its own absence is said at once, under the same fact', () => {
    const startedAt = lastGood + 30 * MINUTE;
    const words = gaps(said({ given, startedAt, when: [good(startedAt + MINUTE)], until: startedAt + 2 * MINUTE }));
    expect(words.map(({ fact }) => fact.split(' | ').slice(2))).toEqual([
      [iso(lastGood), 'OPEN'],
      [iso(lastGood), 'CLOSED'],
    ]);
    expect(words[0]?.saidAt).toBe(startedAt);
  });

  it('says the same facts as the process before it', () => {
    const story = [...given, ...everyMinute(lastGood + 20 * MINUTE, T0 + HOUR + MINUTE)];
    const live = said({ when: story, until: T0 + HOUR + MINUTE });
    const replayed = said({ given: story, startedAt: T0 + HOUR + MINUTE, until: T0 + HOUR + 2 * MINUTE });
    expect(replayed.map(({ fact }) => fact)).toEqual(live.map(({ fact }) => fact));
    expect(hours(replayed)[0]?.payload).toEqual(hours(live)[0]?.payload);
  });

  it('takes a pause for a pause, whatever the order in which it hears of it', () => {
    const paused = [
      ...given,
      becomes(lastGood + MINUTE, 'PAUSED'),
      becomes(T0 + 50 * MINUTE, 'ACTIVE'),
      ...everyMinute(T0 + 51 * MINUTE, T0 + HOUR),
    ];
    expect(gaps(said({ given: paused, startedAt: T0 + HOUR, until: T0 + HOUR + MINUTE }))).toEqual([]);
  });

  const long = [becomes(T0 - 30 * 24 * HOUR, 'ACTIVE')];

  it('with the polls lost it waits for one, and takes the mark in the ledger', () => {
    const when = [good(T0 + MINUTE, { windowFrom: iso(T0 - 5 * HOUR) })];
    const words = gaps(said({ given: long, startedAt: T0, when, until: T0 + 2 * MINUTE }));
    expect(words.map(({ payload }) => payload)).toMatchObject([
      { state: 'OPEN', from: iso(T0 - 5 * HOUR), basis: 'LEDGER_MARK' },
      { state: 'CLOSED', from: iso(T0 - 5 * HOUR), to: iso(T0 + MINUTE), recovered: true, basis: 'LEDGER_MARK' },
    ]);
  });

  it('takes a mark that is as old as marks may be for no gap', () => {
    const when = [good(T0 + MINUTE, { windowFrom: iso(T0 - 9 * MINUTE) })];
    expect(gaps(said({ given: long, startedAt: T0, when, until: T0 + 2 * MINUTE }))).toEqual([]);
  });

  it('takes the mark from a poll that could not look, too', () => {
    const when = [{ at: T0 + MINUTE, poll: { outcome: 'ACCESS_LOST' as const, markedAt: iso(T0 - 5 * HOUR) } }];
    expect(gaps(said({ given: long, startedAt: T0, when, until: T0 + 2 * MINUTE }))).toMatchObject([
      { severity: 'HIGH', payload: { state: 'OPEN', from: iso(T0 - 5 * HOUR), basis: 'LEDGER_MARK' } },
    ]);
  });

  it('does not wait for ever: when no poll comes at all, the gap is at least since its start', () => {
    const words = gaps(
      said({
        given: long,
        startedAt: T0,
        when: [good(T0 + 10 * MINUTE, { windowFrom: iso(T0 - 5 * HOUR) })],
        until: T0 + 11 * MINUTE,
      }),
    );
    expect(words.map(({ payload }) => payload)).toMatchObject([
      { state: 'OPEN', from: iso(T0), reason: 'NOT_POLLED', basis: 'SCHEDULER_START' },
      {
        state: 'CLOSED',
        lastGoodPollAt: iso(T0),
        from: iso(T0 - 5 * HOUR),
        to: iso(T0 + 10 * MINUTE),
        basis: 'LEDGER_MARK',
      },
    ]);
  });
});
