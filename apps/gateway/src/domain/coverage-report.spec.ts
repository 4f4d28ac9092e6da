import type { CoveragePayload, GapPayload, PollEnded } from '@audital/contracts';
import { integrationId } from '@audital/testing';
import { coverageReport, type Sealed } from './coverage-report';
import { HOUR_MS, type Polls, withPoll } from './integration-view';

const T0 = Date.parse('2026-03-02T10:00:00.000Z');
const MINUTE = 60_000;
const at = (minutes: number): string => new Date(T0 + minutes * MINUTE).toISOString();

const hour = (index: number, over: Partial<CoveragePayload> = {}): Sealed<CoveragePayload> => ({
  id: `evt_hour_${index}`,
  verified: true,
  payload: {
    hour: at(index * 60),
    from: at(index * 60),
    to: at(index * 60 + 60),
    expectedMs: HOUR_MS,
    observedMs: HOUR_MS,
    windows: [{ from: at(index * 60), to: at(index * 60 + 60) }],
    gaps: [],
    polls: { OK: 60 },
    pages: 180,
    items: 60,
    events: 2,
    errors: 0,
    calls: { ListEndpoints: 60 },
    throttles: 0,
    ended: null,
    backfill: null,
    reconciliation: null,
    basis: 'POLLS',
    ...over,
  },
});

const gap = (from: string, to: string | null, over: Partial<GapPayload> = {}): Sealed<GapPayload> => ({
  id: `evt_gap_${to === null ? 'open' : 'closed'}_${from}`,
  verified: true,
  payload: {
    state: to === null ? 'OPEN' : 'CLOSED',
    lastGoodPollAt: from,
    from,
    to,
    durationMs: to === null ? null : Date.parse(to) - Date.parse(from),
    reason: 'ACCESS_LOST',
    detail: null,
    syncIntervalSeconds: 60,
    recovered: to === null ? null : true,
    endedBy: to === null ? null : 'POLL',
    basis: 'POLLS',
    ...over,
  },
});

const polled = (minutes: number, over: Partial<PollEnded> = {}): PollEnded =>
  ({
    v: 1,
    integrationId: integrationId(),
    outcome: 'OK',
    reason: null,
    endedAt: at(minutes),
    endedAtLocal: at(minutes),
    windowTo: at(minutes),
    observations: 1,
    calls: { ListEndpoints: 1 },
    throttles: 0,
    ...over,
  }) as PollEnded;

const board = (...polls: PollEnded[]): Polls | null => polls.reduce<Polls | null>(withPoll, null);

const report = (o: {
  from?: number;
  to?: number;
  hours?: Sealed<CoveragePayload>[];
  gaps?: Sealed<GapPayload>[];
  polls?: Polls | null;
  now?: number;
}) =>
  coverageReport(
    { fromMs: T0 + (o.from ?? 0) * MINUTE, toMs: T0 + (o.to ?? 180) * MINUTE },
    {
      integration: { integrationId: integrationId(), status: 'ACTIVE' },
      hours: o.hours ?? [],
      gaps: o.gaps ?? [],
      polls: o.polls ?? null,
      nowMs: T0 + (o.now ?? 180) * MINUTE,
    },
  );

describe('the share of time observed', () => {
  it('is null when nothing is known', () => {
    expect(report({})).toMatchObject({ shareObserved: null, expectedMs: 0, sealedTo: null, lastSuccessAt: null });
  });

  it('is summed from the sealed hours, clipped to the range', () => {
    const half = {
      windows: [{ from: at(60), to: at(90) }],
      gaps: [{ from: at(90), to: at(120) }],
      observedMs: 30 * MINUTE,
    };
    const got = report({ hours: [hour(0), hour(1, half)], to: 120 });
    expect(got).toMatchObject({ shareObserved: 0.75, expectedMs: 120 * MINUTE, sealedTo: at(120) });
    expect(got).toMatchObject({ polls: { OK: 120 }, calls: { ListEndpoints: 120 }, events: 4 });
    expect(report({ hours: [hour(0), hour(1, half)], from: 60, to: 105 }).shareObserved).toBe(0.666667);
  });

  it('goes on after the last sealed hour up to the last success, and counts the polls since', () => {
    const polls = board(polled(59), polled(70), polled(80, { throttles: 3 }));
    const got = report({ hours: [hour(0)], polls, to: 90, now: 81 });
    expect(got).toMatchObject({
      expectedMs: 80 * MINUTE,
      observedMs: 80 * MINUTE,
      lastSuccessAt: at(80),
      lagSeconds: 60,
    });
    // The poll of minute 59 stands in the sealed hour already.
    expect(got).toMatchObject({ polls: { OK: 62 }, calls: { ListEndpoints: 62 }, throttles: 3 });
  });

  it('falls while a gap is open', () => {
    const polls = board(polled(80), polled(85, { outcome: 'ACCESS_LOST', reason: 'No.', windowTo: null }));
    const got = report({ hours: [hour(0)], gaps: [gap(at(80), null)], polls, to: 180, now: 100 });
    expect(got).toMatchObject({ expectedMs: 100 * MINUTE, observedMs: 80 * MINUTE, shareObserved: 0.8 });
    expect(got).toMatchObject({ lastOutcome: 'ACCESS_LOST', lastReason: 'No.', lastSuccessAt: at(80) });
  });
});

describe('gaps', () => {
  it('are one where OPEN and CLOSED are of one fact', () => {
    const got = report({ gaps: [gap(at(10), null), gap(at(10), at(30), { reason: 'FAILED' })] });
    expect(got.gaps).toMatchObject([
      { from: at(10), to: at(30), state: 'CLOSED', reason: 'ACCESS_LOST', recovered: true },
    ]);
    expect(got.gaps[0]?.eventIds).toHaveLength(2);
  });

  it('are one where the polls were lost in between, and another mark closed it', () => {
    const got = report({ gaps: [gap(at(10), null), gap(at(5), at(60), { basis: 'LEDGER_MARK' })] });
    expect(got.gaps).toMatchObject([{ from: at(5), to: at(60) }]);
  });

  it('outside the range are left out', () => {
    expect(report({ gaps: [gap(at(10), at(20))], from: 30 }).gaps).toEqual([]);
  });
});

it('names what did not verify', () => {
  const got = report({ hours: [{ ...hour(0), verified: false }, hour(1)] });
  expect(got.evidence).toEqual({ events: 2, notVerified: ['evt_hour_0'] });
});

it('reconciliation and backfill cost calls, but are no looking', () => {
  const polls = board(polled(1), polled(2, { kind: 'RECONCILE', windowTo: at(1), calls: { ListTrainingJobs: 4 } }));
  expect(report({ polls })).toMatchObject({ polls: { OK: 1 }, calls: { ListTrainingJobs: 4 }, lastSuccessAt: at(1) });
});
