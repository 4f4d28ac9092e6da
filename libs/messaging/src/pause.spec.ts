import { Pause } from './pause';

describe('the pause while a dependency is away', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('grows, tries with one message in between, and ends with the first success', () => {
    let ended = 0;
    const pause = new Pause({ firstMs: 100, maxMs: 300 }, () => (ended += 1));
    expect(pause.limit(8)).toBe(8);
    for (const length of [100, 200, 300, 300]) {
      pause.failed();
      pause.failed(); // of the same burst
      expect(pause.limit(8)).toBe(0);
      jest.advanceTimersByTime(length - 1);
      expect(pause.limit(8)).toBe(0);
      jest.advanceTimersByTime(1);
      expect(pause.limit(8)).toBe(1);
    }
    expect(ended).toBe(4);
    pause.succeeded();
    expect(pause.limit(8)).toBe(8);
    pause.failed();
    jest.advanceTimersByTime(100);
    expect(ended).toBe(5);
  });

  it('is ended by a success while it lasts', () => {
    const pause = new Pause({ firstMs: 100, maxMs: 100 }, () => undefined);
    pause.failed();
    pause.succeeded();
    expect(pause.limit(8)).toBe(8);
  });
});
