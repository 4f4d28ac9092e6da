import type { Account } from '../domain/account';
import { type Caller, evaluate, like } from '../domain/iam';
import { AwsError } from '../domain/refused';

/** Whether the caller's identity allows an action; faults may deny it on top. Users of the account itself may do everything. */
export function isAllowed(account: Account, caller: Caller, action: string, resource: string): boolean {
  if (account.faults.denyActions.some((pattern) => like(pattern.toLowerCase(), action.toLowerCase()))) return false;
  if (caller.accountId !== account.identity.accountId) return false;
  if (caller.roleArn === null) return true;
  const role = account.roles.get(caller.roleArn);
  const context = { 'aws:principalarn': caller.roleArn, 'aws:principalaccount': caller.accountId };
  return role !== undefined && evaluate(role.permissions, { action, resource, context }) === 'Allow';
}

export function authorise(account: Account, caller: Caller, action: string, resource: string): void {
  if (isAllowed(account, caller, action, resource)) return;
  const message = `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  throw new AwsError('AccessDeniedException', message, { queryCode: 'AccessDenied' });
}
