const BAR_WIDTH = 30;
const REDRAW_MS = 100;

export interface Stream {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Where a command prints: results to stdout, everything else to stderr, a progress bar only where somebody watches. */
export class Terminal {
  constructor(
    private readonly out: Stream,
    private readonly err: Stream,
    /** One JSON object instead of lines for a reader. */
    readonly json: boolean,
  ) {}

  line(text: string): void {
    this.out.write(`${text}\n`);
  }

  object(value: unknown): void {
    this.out.write(`${JSON.stringify(value)}\n`);
  }

  note(text: string): void {
    this.err.write(`${text}\n`);
  }

  /** `update` may be called as often as one likes; `end` takes the bar away. */
  progress(title: string, total: number): { update: (done: number) => void; end: () => void } {
    const { err } = this;
    if (err.isTTY !== true || this.json) return { update: () => undefined, end: () => undefined };
    let drawnAt = 0;
    return {
      update: (done) => {
        const now = Date.now();
        if (now - drawnAt < REDRAW_MS) return;
        drawnAt = now;
        const share = total === 0 ? 1 : Math.min(1, done / total);
        const bar = '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '░');
        err.write(`\r${title} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %`);
      },
      end: () => {
        if (drawnAt > 0) err.write('\r\u001b[2K');
      },
    };
  }
}
