import { Conflict, Corrupt, Rejected, Unavailable } from '@audital/contracts';
import { FAILURES_MAX, RETRY_DELAYS, verdictOf } from './verdict';

const judge = (error: unknown, o: { deliveries?: number; failures?: number } = {}): ReturnType<typeof verdictOf> =>
  verdictOf(error, { deliveries: o.deliveries ?? 1, failures: o.failures ?? 0, delays: RETRY_DELAYS });

describe('what becomes of a message whose handling failed', () => {
  it('is dead at once when it breaks a rule', () => {
    expect(judge(new Rejected('NO_SUCH_THING', 'There is none.'))).toEqual({
      kind: 'dead',
      reason: 'NO_SUCH_THING: There is none.',
    });
  });

  it.each([new Unavailable('ledger', 'away'), new Conflict('chain-x', 1, 2)])('waits for ever for %p', (error) => {
    expect(judge(error)).toEqual({ kind: 'wait', delayMs: 250 });
    expect(judge(error, { deliveries: 3 })).toEqual({ kind: 'wait', delayMs: 1000 });
    expect(judge(error, { deliveries: 1_000_000 })).toEqual({ kind: 'wait', delayMs: 30_000 });
  });

  it('waits for a person when history does not verify', () => {
    expect(judge(new Corrupt('chain-x', 7, 'another hash'), { deliveries: 99 })).toEqual({
      kind: 'alarm',
      delayMs: 60_000,
    });
  });

  it('counts what nobody knows, and is dead after five times', () => {
    const error = new TypeError('x is not a function');
    expect(judge(error, { failures: 1, deliveries: 40 })).toEqual({ kind: 'retry', delayMs: 250 });
    expect(judge(error, { failures: FAILURES_MAX - 1 }).kind).toBe('retry');
    expect(judge(error, { failures: FAILURES_MAX })).toEqual({
      kind: 'dead',
      reason: 'failed 5 times: TypeError: x is not a function',
    });
    expect(judge('a string', { failures: 5 })).toEqual({ kind: 'dead', reason: 'failed 5 times: a string' });
  });
});
