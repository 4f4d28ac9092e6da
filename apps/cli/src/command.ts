import type { ParseArgsOptionsConfig } from 'node:util';
import type { Terminal } from './terminal';

/** What every command ends with (docs/verify.md). */
export const EXIT = { ok: 0, error: 1, usage: 2, tampered: 10, caveats: 11, nothing: 12 } as const;

export type OptionValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

export interface Command {
  /** One line of `audital --help`. */
  summary: string;
  /** What `audital NAME --help` prints. */
  help: string;
  options: ParseArgsOptionsConfig;
  /** Answers the exit code. Throws UsageError, or any error for "could not run". */
  run(input: { values: OptionValues; targets: string[]; terminal: Terminal }): Promise<number>;
}

/** The command line is wrong: told with the way to its help, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const textOf = (value: OptionValues[string]): string | undefined =>
  typeof value === 'string' ? value : undefined;

export const textsOf = (value: OptionValues[string]): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];

export function wholeNumber(name: string, value: OptionValues[string], fallback: number): number {
  const text = textOf(value);
  if (text === undefined) return fallback;
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--${name} is a whole number, not ${JSON.stringify(text)}.`);
  return Number(text);
}
