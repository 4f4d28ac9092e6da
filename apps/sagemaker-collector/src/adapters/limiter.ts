/** Spaces calls evenly: at most `perSecond` of them start in a second, whoever asks. */
export class Limiter {
  private nextAtMs = 0;

  constructor(private readonly perSecond: number) {}

  async turn(): Promise<void> {
    const now = performance.now();
    const at = Math.max(this.nextAtMs, now);
    this.nextAtMs = at + 1000 / this.perSecond;
    if (at > now) await new Promise((resolve) => setTimeout(resolve, at - now));
  }
}
