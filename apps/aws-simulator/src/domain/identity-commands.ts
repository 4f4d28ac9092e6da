import { command } from './command';
import { NO_FAULTS, NO_LIMITS, THROTTLE_NAMES, type ThrottleName } from './faults';
import { type Policy, parsePolicy } from './iam';
import type { JsonObject } from './json';
import { Refused } from './refused';
import type { Account, Role } from './account';
import { flag, integerBetween, list, numberBetween, object, oneOf, optional, record, text } from './shape';

function requireRole(account: Account, name: string): Role {
  const role = account.roles.get(account.roleArn(name));
  if (!role) throw new Refused('NOT_FOUND', `role ${name} does not exist.`);
  return role;
}

export const EVERYTHING: JsonObject = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

const permissions = (document: JsonObject): Policy => parsePolicy(document, 'permissions');

export const identityCommands = {
  putRole: command(
    {
      name: text,
      trustPolicy: object,
      permissionPolicy: optional(object),
      maxSessionSeconds: optional(integerBetween(3600, 43_200)),
    },
    ({ account }, { name, trustPolicy, permissionPolicy = EVERYTHING, maxSessionSeconds = 3600 }) => {
      const arn = account.roleArn(name);
      const trust = parsePolicy(trustPolicy, 'trust');
      account.roles.set(arn, { arn, trust, permissions: permissions(permissionPolicy), maxSessionSeconds });
    },
  ),
  setTrustPolicy: command({ role: text, policy: object }, ({ account }, { role, policy }) => {
    requireRole(account, role).trust = parsePolicy(policy, 'trust');
  }),
  setPermissionPolicy: command({ role: text, policy: object }, ({ account }, { role, policy }) => {
    requireRole(account, role).permissions = permissions(policy);
  }),
  deleteRole: command({ role: text }, ({ account }, { role }) => {
    account.roles.delete(requireRole(account, role).arn);
  }),
  /** A long-term key of a user or role, in this account or another. */
  putAccessKey: command({ accessKeyId: text, arn: text }, ({ account }, { accessKeyId, arn }) => {
    if (!/^arn:aws:iam::\d{12}:(user|role)\/.+$/.test(arn)) {
      throw new Refused('INVALID', 'command.arn must be that of an IAM user or role.');
    }
    account.accessKeys.set(accessKeyId, arn);
  }),
  expireSessions: command({}, ({ account }) => {
    account.sessionGeneration += 1;
  }),
  setRegion: command({ enabled: flag }, ({ region }, { enabled }) => {
    region.enabled = enabled;
  }),
};

function withDefaults<T extends object>(defaults: T, given: { [K in keyof T]?: T[K] | undefined }): T {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(known) };
}

const rate = optional(numberBetween(0, 1));

export const faultCommands = {
  /** Replaces all faults: what is left out is off. */
  setFaults: command(
    {
      seed: optional(integerBetween(0, 2 ** 31)),
      throttleRate: rate,
      throttleAs: optional(oneOf(...(Object.keys(THROTTLE_NAMES) as ThrottleName[]))),
      errorRate: rate,
      errorStatus: optional(integerBetween(500, 599)),
      unreachableRate: rate,
      latencyMs: optional(integerBetween(0, 60_000)),
      operations: optional(list(text)),
      denyActions: optional(list(text)),
      clockSkewMs: optional(integerBetween(-86_400_000, 86_400_000)),
    },
    ({ account }, given) => {
      account.faults = withDefaults(NO_FAULTS, given);
    },
  ),
  /** Replaces all limits: what is left out is off. */
  setLimits: command(
    {
      listPerSecond: optional(numberBetween(0.01, 1000)),
      describePerSecond: optional(numberBetween(0.01, 1000)),
      burst: optional(integerBetween(1, 10_000)),
      visibilityDelayMs: optional(integerBetween(0, 86_400_000)),
      describeDelayMs: optional(integerBetween(0, 86_400_000)),
      staleListMs: optional(integerBetween(0, 86_400_000)),
      exitMessageInLists: optional(flag),
      tokenLifetimeSeconds: optional(integerBetween(1, 86_400)),
      emptyPages: optional(record(integerBetween(0, 10_000))),
      pageItemsMax: optional(integerBetween(1, 100)),
      emptyLastPage: optional(flag),
      metricDelayMs: optional(integerBetween(0, 86_400_000)),
      metricPointsPerPage: optional(integerBetween(1, 100_800)),
    },
    ({ account }, given) => {
      account.limits = withDefaults(NO_LIMITS, given);
    },
  ),
};
