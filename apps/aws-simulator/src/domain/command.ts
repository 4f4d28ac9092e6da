import type { Account, Region } from './account';
import type { JsonObject } from './json';
import { type Check, shape, type Shaped } from './shape';

/** Where and when a command acts. `at` is in milliseconds by the account's clock. */
export interface CommandContext {
  account: Account;
  region: Region;
  at: number;
}

export interface CommandKind {
  /** The names of its members, for the answer to a command that is unknown or misspelt. */
  members: string[];
  run(context: CommandContext, members: JsonObject): void;
}

/** A command is its members and what they do to the account; it refuses before it changes anything. */
export function command<F extends Record<string, Check<unknown>>>(
  fields: F,
  run: (context: CommandContext, members: Shaped<F>) => void,
): CommandKind {
  const check = shape(fields);
  return { members: Object.keys(fields), run: (context, members) => run(context, check(members, 'command')) };
}
