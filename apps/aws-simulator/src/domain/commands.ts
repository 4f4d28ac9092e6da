import type { Account } from './account';
import type { CommandKind } from './command';
import { endpointCommands } from './endpoints';
import { faultCommands, identityCommands } from './identity-commands';
import { inferenceComponentCommands } from './inference-components';
import type { JsonObject } from './json';
import { metricCommands } from './metrics';
import { modelCommands } from './models';
import { monitoringCommands } from './monitoring';
import { objectCommands } from './objects';
import { processingJobCommands } from './processing-jobs';
import { Refused } from './refused';
import { instant, isObject, optional, text } from './shape';
import { tagCommands } from './tags';
import { trainingJobCommands } from './training-jobs';

export const COMMANDS: Record<string, CommandKind> = {
  ...trainingJobCommands,
  ...processingJobCommands,
  ...modelCommands,
  ...endpointCommands,
  ...inferenceComponentCommands,
  ...monitoringCommands,
  ...tagCommands,
  ...objectCommands,
  ...metricCommands,
  ...identityCommands,
  ...faultCommands,
};

/** `{ type, region?, at?, …members }`: what an admin, the story or the command log asks of the account. */
export type Command = JsonObject & { type: string };

/** Applies one command, or throws `Refused` and changes nothing. `at` of the command may name the past, never the future. */
export function applyCommand(account: Account, given: unknown, now: number): void {
  if (!isObject(given)) throw new Refused('INVALID', 'A command must be an object.');
  const { type, region, at, ...members } = given;
  const kind = typeof type === 'string' && Object.hasOwn(COMMANDS, type) ? COMMANDS[type] : undefined;
  if (!kind) {
    throw new Refused('INVALID', `command.type is unknown; known: ${Object.keys(COMMANDS).join(', ')}.`);
  }
  const time = optional(instant)(at, 'command.at') ?? now;
  if (time > now)
    throw new Refused('INVALID', `command.at is later than the account's time, ${new Date(now).toISOString()}.`);
  const regionName = optional(text)(region, 'command.region') ?? account.identity.homeRegion;
  account.withoutTraceIfRefused(() => kind.run({ account, region: account.region(regionName), at: time }, members));
}
