import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Anchor, timeAt } from './domain/clock';

interface Mark {
  /** No time later than this has been shown to anybody. */
  until: number;
  /** The account lived in the present. */
  caughtUp: boolean;
}

const LEASE_REAL_MS = 1000;

/**
 * The account's clock. It goes on where it stopped and never goes back, over any death of the process: before a time is shown, a mark
 * that is not earlier is on disk (it lies up to a second of real time ahead, so that not every look at the clock costs a write).
 */
export class Clock {
  private anchor: Anchor;
  private mark: Mark;

  private constructor(
    private readonly path: string,
    private readonly real: () => number,
    startsAt: number,
  ) {
    this.anchor = { simulatedAt: startsAt, realAt: real(), rate: 0 };
    this.mark = { until: startsAt, caughtUp: false };
  }

  /**
   * `notBefore`: the last time in the command log, or null for a new account, which begins at `startsAt`. `resumes`: go on where it
   * stopped even if the account had caught up with the present.
   */
  static open(
    folder: string,
    o: { real: () => number; startsAt: number; notBefore: number | null; resumes: boolean },
  ): Clock {
    const path = join(folder, 'clock.json');
    if (o.notBefore === null) return new Clock(path, o.real, o.startsAt);
    const mark = readMark(path);
    const stoppedAt = mark === null ? o.notBefore : Math.max(o.notBefore, Math.min(mark.until, o.real()));
    return new Clock(path, o.real, mark?.caughtUp && !o.resumes ? Math.max(stoppedAt, o.real()) : stoppedAt);
  }

  now(): number {
    const realNow = this.real();
    const now = timeAt(this.anchor, realNow);
    if (this.anchor.rate > 0 && now >= this.mark.until) {
      this.mark = { until: now + LEASE_REAL_MS * Math.max(1, this.anchor.rate), caughtUp: now >= realNow - 1 };
      writeFileSync(`${this.path}.new`, JSON.stringify(this.mark));
      renameSync(`${this.path}.new`, this.path);
    }
    return now;
  }

  /** From now on, time runs at this rate; 0 stands still. */
  run(rate: number): void {
    this.anchor = { simulatedAt: this.now(), realAt: this.real(), rate };
  }

  /** Forwards only; the caller has made sure that it is not beyond the present. */
  moveTo(time: number): void {
    const simulatedAt = Math.max(time, this.now());
    this.anchor = { ...this.anchor, simulatedAt, realAt: this.real() };
  }

  get rate(): number {
    return this.anchor.rate;
  }

  realNow(): number {
    return this.real();
  }
}

/** A mark that cannot be read is no mark: the command log knows a time that is early enough. */
function readMark(path: string): Mark | null {
  if (!existsSync(path)) return null;
  try {
    const mark = JSON.parse(readFileSync(path, 'utf8')) as Mark;
    return typeof mark.until === 'number' ? mark : null;
  } catch {
    return null;
  }
}
