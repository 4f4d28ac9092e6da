import { growing, type RetryDelays } from './verdict';

/**
 * While a dependency is away a consumer stops pulling, for a growing time; then it tries with one message, and the first that succeeds
 * opens it again. Otherwise a full work queue would be pulled through the failing handler in a circle.
 */
export class Pause {
  private failures = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly delays: RetryDelays,
    private readonly onEnd: () => void,
  ) {}

  /** How many messages may be in hand now. */
  limit(slots: number): number {
    if (this.timer) return 0;
    return this.failures > 0 ? Math.min(1, slots) : slots;
  }

  /** What fails during the pause was in hand when it began, and tells nothing new. */
  failed(): void {
    if (this.timer) return;
    this.failures += 1;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.onEnd();
      },
      growing(this.failures, this.delays),
    ).unref();
  }

  succeeded(): void {
    this.failures = 0;
    this.end();
  }

  end(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }
}
