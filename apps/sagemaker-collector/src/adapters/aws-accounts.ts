import type { Integration } from '@audital/contracts';
import { AwsAccount, CallBudget } from './aws-account';

/** One set of clients for each integration's role, one budget for each account and region (DESIGN §5). */
export class AwsAccounts {
  private readonly accounts = new Map<string, { key: string; account: AwsAccount }>();
  private readonly budgets = new Map<string, CallBudget>();

  constructor(private readonly speed: number) {}

  of({ integrationId, target }: Pick<Integration, 'integrationId' | 'target'>): AwsAccount {
    const key = `${target.roleArn} ${target.region} ${target.externalId}`;
    const known = this.accounts.get(integrationId);
    if (known?.key === key) return known.account;
    known?.account.close();
    const account = new AwsAccount(target, integrationId, this.budgetOf(target));
    this.accounts.set(integrationId, { key, account });
    return account;
  }

  close(): void {
    for (const { account } of this.accounts.values()) account.close();
  }

  private budgetOf({ awsAccountId, region }: Integration['target']): CallBudget {
    const key = `${awsAccountId} ${region}`;
    const budget = this.budgets.get(key) ?? new CallBudget(this.speed);
    this.budgets.set(key, budget);
    return budget;
  }
}
