import type { Integration } from '@audital/contracts';
import { AwsAccount } from './aws-account';
import { CallBudget } from './aws-session';

/** Longer than any interval between two polls, slowed down by throttling. */
const UNUSED_AFTER_MS = 24 * 60 * 60_000;

/** One set of clients for each integration's role, one budget for each account and region (DESIGN §5). */
export class AwsAccounts {
  private readonly accounts = new Map<string, { key: string; account: AwsAccount; usedAtMs: number }>();
  private readonly budgets = new Map<string, CallBudget>();

  constructor(private readonly speed: number) {}

  of({ integrationId, target }: Pick<Integration, 'integrationId' | 'target'>): AwsAccount {
    const key = `${target.roleArn} ${target.region} ${target.externalId}`;
    const known = this.accounts.get(integrationId);
    const account = known?.key === key ? known.account : new AwsAccount(target, integrationId, this.budgetOf(target));
    if (known && known.account !== account) known.account.close();
    this.accounts.set(integrationId, { key, account, usedAtMs: performance.now() });
    this.dropUnused();
    return account;
  }

  close(): void {
    for (const { account } of this.accounts.values()) account.close();
  }

  /** Nothing is kept of an integration that was removed or paused: its credentials would live for an hour anyway. */
  private dropUnused(): void {
    const now = performance.now();
    for (const [id, { account, usedAtMs }] of this.accounts) {
      if (now - usedAtMs < UNUSED_AFTER_MS) continue;
      account.close();
      this.accounts.delete(id);
    }
  }

  private budgetOf({ awsAccountId, region }: Integration['target']): CallBudget {
    const key = `${awsAccountId} ${region}`;
    const budget = this.budgets.get(key) ?? new CallBudget(this.speed);
    this.budgets.set(key, budget);
    return budget;
  }
}
