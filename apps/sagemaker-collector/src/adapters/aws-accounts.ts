import {
  decodeJson,
  evolveOrganisation,
  type Integration,
  ledgerStreams,
  type Organisation,
  type OrganisationEvent,
  type OrganisationId,
} from '@audital/contracts';
import { type Ledger, load } from '@audital/ledger';
import { AwsAccount } from './aws-account';
import { CallBudget } from './aws-session';

/** Longer than any interval between two polls, slowed down by throttling. */
const UNUSED_AFTER_MS = 24 * 60 * 60_000;

type Watched = Pick<Integration, 'integrationId' | 'organisationId' | 'target'>;

/** An organisation's external ids: the next one before the one in force, while it is being replaced. */
export type ExternalIdsOf = (organisationId: OrganisationId) => Promise<string[]>;

export const externalIdsIn =
  (ledger: Ledger): ExternalIdsOf =>
  async (organisationId) => {
    const { state } = await load<Organisation | null, OrganisationEvent>(
      ledger,
      ledgerStreams.organisation(organisationId),
      {
        initialState: null,
        decode: ({ type, data }) => ({ type, data: decodeJson(data) }) as OrganisationEvent,
        evolve: evolveOrganisation,
      },
    );
    return [state?.nextExternalId ?? null, state?.externalId ?? null].filter((one) => one !== null);
  };

/** One set of clients for each integration's role, one budget for each account and region (DESIGN §5). */
export class AwsAccounts {
  private readonly accounts = new Map<string, { key: string; account: AwsAccount; usedAtMs: number }>();
  private readonly budgets = new Map<string, CallBudget>();

  constructor(
    private readonly speed: number,
    private readonly externalIdsOf: ExternalIdsOf,
  ) {}

  of({ integrationId, organisationId, target }: Watched): AwsAccount {
    const key = `${target.roleArn} ${target.region}`;
    const known = this.accounts.get(integrationId);
    const account = known?.key === key ? known.account : this.open({ integrationId, organisationId, target });
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

  private open({ integrationId, organisationId, target }: Watched): AwsAccount {
    return new AwsAccount(target, integrationId, this.budgetOf(target), async () => {
      const issued = await this.externalIdsOf(organisationId);
      return issued.length > 0 ? issued : [target.externalId];
    });
  }

  private budgetOf({ awsAccountId, region }: Integration['target']): CallBudget {
    const key = `${awsAccountId} ${region}`;
    const budget = this.budgets.get(key) ?? new CallBudget(this.speed);
    this.budgets.set(key, budget);
    return budget;
  }
}
