import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Command } from './domain/commands';

/** What the account was opened with; it never changes. */
export interface Opened {
  v: 1;
  accountId: string;
  homeRegion: string;
  seed: string;
  story: 'credit-scoring' | 'none';
}

/** Who the customer's role trusts, as the environment said it. */
export interface Operator {
  externalId: string | null;
  principalAccount: string;
  operatorKeyId: string;
}

export type EntryBody =
  | { opened: Opened }
  | { operator: Operator; commands: Command[] }
  | { commands: Command[] }
  | { storyStarted: true }
  /** `clockTo`: the clock goes on to this time when the step has been played. */
  | { step: number; commands: Command[]; clockTo?: number }
  | { clockTo: number };

/** One line. `n` counts from 0 without gaps; `at` is the account's time in milliseconds. */
export type Entry = EntryBody & { n: number; at: number };

/** The log cannot be read or written. Nothing is repaired and the process ends: memory and disk must not part. The sentence says what to do. */
export class LogUnusable extends Error {
  override readonly name = 'LogUnusable';
}

/**
 * The account's memory: one JSON document a line, only ever appended, on disk before anybody is answered. A process that dies while it
 * writes leaves a torn last line; nobody has seen its effect, so it is cut off at the next start.
 */
export class CommandLog {
  private size: number;
  private next: number;

  private constructor(
    private readonly file: number,
    readonly path: string,
    /** What stood there when it was opened. */
    readonly entries: Entry[],
  ) {
    this.size = fstatSync(file).size;
    this.next = entries.length;
  }

  static open(folder: string): CommandLog {
    const path = join(folder, 'commands.ndjson');
    try {
      return CommandLog.openFile(folder, path);
    } catch (error) {
      if (error instanceof LogUnusable) throw error;
      throw new LogUnusable(`The data folder ${folder} cannot be used: ${(error as Error).message}`, { cause: error });
    }
  }

  private static openFile(folder: string, path: string): CommandLog {
    mkdirSync(folder, { recursive: true });
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
    const entries = parse(whole.toString('utf8'), path);
    const file = openSync(path, 'a', 0o600);
    ftruncateSync(file, whole.length);
    return new CommandLog(file, path, entries);
  }

  /** When it returns, the entry survives a crash of the process and of the machine. */
  append(body: EntryBody, at: number): Entry {
    // Another process on the same folder would write lines with the same numbers, and the account would be lost at the next start.
    if (fstatSync(this.file).size !== this.size) {
      throw new LogUnusable(`Another process writes to ${this.path}; a data folder serves one simulator at a time.`);
    }
    const entry: Entry = { n: this.next, at, ...body };
    const line = Buffer.from(`${JSON.stringify(entry)}\n`, 'utf8');
    try {
      writeSync(this.file, line);
      fsyncSync(this.file);
    } catch (error) {
      throw new LogUnusable(`${this.path} cannot be written: ${(error as Error).message}`, { cause: error });
    }
    this.size += line.length;
    this.next += 1;
    return entry;
  }

  close(): void {
    closeSync(this.file);
  }
}

function parse(text: string, path: string): Entry[] {
  const lines = text === '' ? [] : text.slice(0, -1).split('\n');
  return lines.map((line, index) => {
    const entry = parseLine(line);
    if (entry === null || entry.n !== index) {
      throw new LogUnusable(
        `Line ${index + 1} of ${path} is not what this program wrote there. Restore the folder, or delete it to begin a new account.`,
      );
    }
    return entry;
  });
}

function parseLine(line: string): Entry | null {
  try {
    const entry = JSON.parse(line) as Entry | null;
    return typeof entry === 'object' && typeof entry?.at === 'number' ? entry : null;
  } catch {
    return null;
  }
}
