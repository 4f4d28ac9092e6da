import type { Account } from '../domain/account';
import { evaluate, type Caller } from '../domain/iam';
import { AwsError } from '../domain/refused';
import { callerOfSession, issueCredentials } from '../domain/sessions';
import { escapeXml } from './xml';

/** A call of STS, whose caller is known. Times in milliseconds: `now` by the account's clock, `realNow` by the machine's. */
export interface StsCall {
  account: Account;
  caller: Caller;
  form: URLSearchParams;
  now: number;
  realNow: number;
  /** How much faster than real time the account's clock runs. */
  speed: number;
}

const invalid = (message: string): AwsError => new AwsError('ValidationError', message);

/** The members of `<AssumeRoleResult>`. */
export function assumeRole(call: StsCall): string {
  const { account, caller, form } = call;
  const roleArn = required(form, 'RoleArn', /^arn:aws:iam::\d{12}:role\/[\w+=,.@/-]+$/, 2048);
  const sessionName = required(form, 'RoleSessionName', /^[\w+=,.@-]{2,64}$/, 64);
  const externalId = form.get('ExternalId');
  if (externalId !== null && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId)) {
    throw invalid(constraint('externalId', externalId, String.raw`[\w+=,.@:\/-]*`));
  }
  const role = account.roles.get(roleArn);
  const decision =
    role &&
    evaluate(role.trust, {
      action: 'sts:AssumeRole',
      resource: roleArn,
      principal: caller,
      context: {
        'sts:externalid': externalId ?? undefined,
        'sts:rolesessionname': sessionName,
        'aws:principalarn': caller.roleArn ?? caller.arn,
        'aws:principalaccount': caller.accountId,
      },
    });
  // A role that does not exist is answered like one that does not trust the caller.
  if (!role || decision !== 'Allow') {
    throw new AwsError(
      'AccessDenied',
      `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
      { status: 403 },
    );
  }
  return sessionXml(call, { roleArn, sessionName, seconds: duration(form, caller, role.maxSessionSeconds) });
}

function duration(form: URLSearchParams, caller: Caller, roleMax: number): number {
  const given = form.get('DurationSeconds');
  const seconds = given === null ? 3600 : Number(given);
  if (!Number.isInteger(seconds) || seconds < 900 || seconds > 43_200) {
    throw invalid(constraint('durationSeconds', given ?? '', '900 to 43200'));
  }
  if (caller.roleArn !== null && seconds > 3600) {
    throw invalid('The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
  }
  if (seconds > roleMax) {
    throw invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  }
  return seconds;
}

function sessionXml(call: StsCall, o: { roleArn: string; sessionName: string; seconds: number }): string {
  const { account, now, realNow, speed } = call;
  const { seed } = account.identity;
  // Callers compare Expiration with their own clock, which runs at real speed. So the session lasts the same real time on both clocks.
  const session = {
    roleArn: o.roleArn,
    sessionName: o.sessionName,
    issuedAt: now,
    expiresAt: now + o.seconds * 1000 * speed,
    generation: account.sessionGeneration,
  };
  const credentials = issueCredentials(seed, session);
  const assumed = callerOfSession(seed, session);
  return [
    '<Credentials>',
    `<AccessKeyId>${credentials.accessKeyId}</AccessKeyId>`,
    `<SecretAccessKey>${escapeXml(credentials.secretAccessKey)}</SecretAccessKey>`,
    `<SessionToken>${credentials.sessionToken}</SessionToken>`,
    `<Expiration>${new Date(realNow + o.seconds * 1000).toISOString()}</Expiration>`,
    '</Credentials>',
    '<AssumedRoleUser>',
    `<AssumedRoleId>${escapeXml(assumed.userId)}</AssumedRoleId>`,
    `<Arn>${escapeXml(assumed.arn)}</Arn>`,
    '</AssumedRoleUser>',
  ].join('');
}

/** The members of `<GetCallerIdentityResult>`; it needs no permission. */
export const getCallerIdentity = ({ caller }: StsCall): string =>
  `<Arn>${escapeXml(caller.arn)}</Arn><UserId>${escapeXml(caller.userId)}</UserId><Account>${caller.accountId}</Account>`;

const constraint = (field: string, value: string, pattern: string): string =>
  `1 validation error detected: Value '${value}' at '${field}' failed to satisfy constraint: ${pattern}`;

function required(form: URLSearchParams, name: string, pattern: RegExp, max: number): string {
  const value = form.get(name);
  const field = name.charAt(0).toLowerCase() + name.slice(1);
  if (value === null) throw invalid(constraint(field, 'null', 'Member must not be null'));
  if (!pattern.test(value) || value.length > max) throw invalid(constraint(field, value, pattern.source));
  return value;
}

export const stsOperations: Record<string, (call: StsCall) => string> = {
  AssumeRole: assumeRole,
  GetCallerIdentity: getCallerIdentity,
};
