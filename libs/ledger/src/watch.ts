import { statSync } from 'node:fs';
import type { Ledger } from './ledger';

/** No stream is called so: asking for its end costs one look into an index. */
const NOBODYS_STREAM = 'organisation-';
const ASK_AGAIN_MS = 5_000;
const ASK_SOON_MS = 1_000;
const PATIENCE_MS = 15_000;

export interface WatchTimes {
  /** Between two questions, while they are answered. */
  everyMs: number;
  /** How long a ledger that answered before may be silent: one lost answer, or an election, is no outage. */
  patienceMs: number;
}

/** Asks the ledger a small question every few seconds, so that a service can say whether it is there without asking anew. */
export class LedgerWatch {
  private readonly path: string | null;
  /** Of the file as it was opened: another in its place is not the one that this process writes to. */
  private readonly inode: number | null;
  private failure: string | null = 'The ledger has not answered yet.';
  private answeredAt: number | null = null;
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(
    private readonly ledger: Ledger,
    url: string,
    private readonly times: WatchTimes = { everyMs: ASK_AGAIN_MS, patienceMs: PATIENCE_MS },
  ) {
    this.path = url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : null;
    this.inode = this.path === null ? null : inodeOf(this.path);
    void this.ask();
  }

  /** Null while the ledger answers, else a sentence that says what to do. */
  readonly check = (): string | null => {
    const gone = this.fileGone();
    if (gone !== null || this.failure === null) return gone;
    const isPassing = this.answeredAt !== null && performance.now() - this.answeredAt < this.times.patienceMs;
    return isPassing ? null : this.failure;
  };

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer ?? undefined);
  }

  private async ask(): Promise<void> {
    try {
      await this.ledger.lastRevision(NOBODYS_STREAM);
      this.answeredAt = performance.now();
      this.failure = null;
    } catch (error) {
      this.failure = `${(error as Error).message} It is asked again until it answers: start it, or correct LEDGER_URL.`;
    }
    if (this.stopped) return;
    const again = this.failure === null ? this.times.everyMs : Math.min(this.times.everyMs, ASK_SOON_MS);
    this.timer = setTimeout(() => void this.ask(), again).unref();
  }

  /** SQLite goes on in a file that has lost its name, and at the next start all of it is lost: this cannot wait. */
  private fileGone(): string | null {
    if (this.path === null || inodeOf(this.path) === this.inode) return null;
    return `${this.path} was deleted or replaced while it is open, and what is written now will be lost: stop Audital, put the file back, start again.`;
  }
}

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}
