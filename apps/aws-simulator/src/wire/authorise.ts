import type { Account } from '../domain/account';
import { type AccessRequest, type Caller, evaluate, like } from '../domain/iam';
import { AwsError } from '../domain/refused';

export interface Access extends Pick<AccessRequest, 'action' | 'resource'> {
  /** What the service tells IAM beside the principal; keys in lower case. */
  context?: AccessRequest['context'];
}

/** Null: allowed. Otherwise IAM's words for what refused it. */
function refusal(account: Account, caller: Caller, { action, resource, context }: Access): string | null {
  const byFault = account.faults.denyActions.some((pattern) => like(pattern.toLowerCase(), action.toLowerCase()));
  if (byFault) return 'with an explicit deny in a service control policy';
  const none = `because no identity-based policy allows the ${action} action`;
  if (caller.accountId !== account.identity.accountId) return none;
  if (caller.roleArn === null) return null;
  const role = account.roles.get(caller.roleArn);
  const principal = { 'aws:principalarn': caller.roleArn, 'aws:principalaccount': caller.accountId };
  const decision = role && evaluate(role.permissions, { action, resource, context: { ...principal, ...context } });
  if (decision === 'Allow') return null;
  return decision === 'ExplicitDeny' ? 'with an explicit deny in an identity-based policy' : none;
}

/** Whether the caller's identity allows an action; faults may deny it on top. Users of the account itself may do everything. */
export const isAllowed = (account: Account, caller: Caller, access: Access): boolean =>
  refusal(account, caller, access) === null;

export function authorise(account: Account, caller: Caller, access: Access): void {
  const words = refusal(account, caller, access);
  if (words === null) return;
  const message = `User: ${caller.arn} is not authorized to perform: ${access.action} on resource: ${access.resource} ${words}`;
  throw new AwsError('AccessDeniedException', message, { queryCode: 'AccessDenied' });
}
