import { alertsAfter, type PassFinding } from './pass-findings';

const [ONE, TWO, THREE] = ['2026-03-02T12:00:01.000Z', '2026-03-02T12:00:02.000Z', '2026-03-02T12:00:03.000Z'];
const found = (code: PassFinding['code'], from: number, to = from): PassFinding => ({ code, from, to, message: code });
const whole = { isWhole: true, startedAt: ONE, now: TWO };
const part = { isWhole: false, startedAt: ONE, now: TWO };
const places = (alerts: ReturnType<typeof alertsAfter>): string[] =>
  alerts.map(({ code, affectedRange: { from, to }, detectedAt }) => `${code} ${from}-${to} ${detectedAt}`);

describe('the alerts after a pass', () => {
  it('are in the order of positions, neighbours of one code together', () => {
    const alerts = alertsAfter(
      [],
      [found('MISSING', 9), found('MISSING', 7), found('MISSING', 8), found('GAP', 3, 5)],
      whole,
    );
    expect(places(alerts)).toEqual([`GAP 3-5 ${TWO}`, `MISSING 7-9 ${TWO}`]);
    expect(alerts.map(({ firstBadPosition }) => firstBadPosition)).toEqual([3, 7]);
  });

  it('keep the time at which they were first found', () => {
    const first = alertsAfter([], [found('INVALID', 7)], whole);
    expect(places(alertsAfter(first, [found('INVALID', 7)], { ...whole, startedAt: TWO, now: THREE }))).toEqual([
      `INVALID 7-7 ${TWO}`,
    ]);
  });

  it('stay after a look that does not find them, and end with a whole pass that does not', () => {
    const first = alertsAfter([], [found('INVALID', 7)], part);
    expect(alertsAfter(first, [], { ...part, startedAt: THREE })).toEqual(first);
    expect(alertsAfter(first, [], { ...whole, startedAt: THREE })).toEqual([]);
  });

  it('stay when they were found after the whole pass had begun: it may have read that place before', () => {
    const first = alertsAfter([], [found('INVALID', 7)], { ...part, now: THREE });
    expect(alertsAfter(first, [], { ...whole, startedAt: TWO })).toEqual(first);
  });

  it('are CRITICAL, but for what is late', () => {
    const alerts = alertsAfter([], [found('FORK', 3), found('STALE', 40, 44)], whole);
    expect(alerts.map(({ severity }) => severity)).toEqual(['CRITICAL', 'HIGH']);
  });
});
