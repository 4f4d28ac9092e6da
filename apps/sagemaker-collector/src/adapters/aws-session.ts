import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { IntegrationId, IntegrationTarget } from '@audital/contracts';
import { failureOf } from './aws-errors';
import { Limiter } from './limiter';

/** Counted for every attempt, retries included. */
export interface CallCounts {
  calls: Record<string, number>;
  throttles: number;
}

type Credentials = Awaited<ReturnType<ReturnType<typeof fromTemporaryCredentials>>>;

const REFRESH_BEFORE_MS = 5 * 60_000;

/** The budget of one account and region, shared by all integrations on it (DESIGN §5). */
export class CallBudget {
  private readonly lists: Limiter;
  private readonly others: Limiter;

  constructor(speed: number) {
    this.lists = new Limiter(speed);
    this.others = new Limiter(5 * speed);
  }

  /** Lists of resources share one budget; whatever asks for one resource, its tags and metrics among it, the other. */
  turn(operation: string): Promise<void> {
    const isList = operation.startsWith('List') && operation !== 'ListTags' && operation !== 'ListMetrics';
    return (isList ? this.lists : this.others).turn();
  }
}

interface Client {
  middlewareStack: unknown;
}

type Attempt = { response: { headers?: Record<string, string> } };

export interface SessionOptions {
  integrationId: IntegrationId;
  budget: CallBudget;
  /** Asked for whenever the role is assumed anew; the one to be tried first comes first. */
  externalIds: () => Promise<string[]>;
}

/** One role in one region: its credentials, its share of the budget, what it has called, and AWS's clock as it heard it. */
export class AwsSession {
  counts: CallCounts = { calls: {}, throttles: 0 };
  /** One provider for all clients, and it says so (memoized): else each client would keep credentials of its own, expired ones too. */
  readonly provider = Object.assign(() => this.currentCredentials(), { memoized: true });
  private readonly assume: () => Promise<Credentials>;
  private credentials: Promise<Credentials> | null = null;
  private awsTimeMs = 0;

  private readonly budget: CallBudget;

  constructor({ region, roleArn }: IntegrationTarget, o: SessionOptions) {
    this.budget = o.budget;
    const params = { RoleArn: roleArn, RoleSessionName: `audital-${o.integrationId}`, DurationSeconds: 3600 };
    this.assume = async () =>
      firstAccepted(await o.externalIds(), (ExternalId) =>
        fromTemporaryCredentials({ params: { ...params, ExternalId }, clientConfig: { region } })(),
      );
  }

  /** AWS's clock as the last answer told it. */
  get now(): string {
    return new Date(this.awsTimeMs).toISOString();
  }

  /** Whether AWS has told the time yet. */
  get heard(): boolean {
    return this.awsTimeMs > 0;
  }

  /** Credentials that AWS says have expired are dropped, and the call is made once more. */
  async withFreshCredentials<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (failureOf(error) !== 'EXPIRED') throw error;
      this.credentials = null;
      return send();
    }
  }

  /** Each attempt of a client, the SDK's retries among them, takes its turn in the budget and is counted. */
  watch(client: Client): void {
    const middleware =
      (next: (args: never) => Promise<unknown>, context: { commandName?: string }) => async (args: never) => {
        const operation = (context.commandName ?? 'Unknown').replace(/Command$/, '');
        await this.budget.turn(operation);
        this.counts.calls[operation] = (this.counts.calls[operation] ?? 0) + 1;
        try {
          const result = (await next(args)) as Attempt;
          this.noteTime(result.response.headers?.['date']);
          return result;
        } catch (error) {
          if (failureOf(error) === 'THROTTLED') this.counts.throttles += 1;
          this.noteTime((error as { $response?: Attempt['response'] }).$response?.headers?.['date']);
          throw error;
        }
      };
    // This step comes after the retries: it sees every attempt.
    (client.middlewareStack as { add: (middleware: unknown, options: unknown) => void }).add(middleware, {
      step: 'deserialize',
      name: 'auditalCounts',
      priority: 'high',
    });
  }

  private async currentCredentials(): Promise<Credentials> {
    const asked = this.credentials;
    const known = await asked?.catch(() => null);
    const expiresMs = known?.expiration?.getTime() ?? Infinity;
    // Our clock against AWS's expiry: five minutes of room is more than any skew that AWS itself accepts.
    const isGood = known && expiresMs - Date.now() >= REFRESH_BEFORE_MS;
    // Several calls may wait here: the first of them assumes the role for all.
    if (!isGood && this.credentials === asked) this.credentials = this.assume();
    return this.credentials as Promise<Credentials>;
  }

  private noteTime(date: string | undefined): void {
    const time = Date.parse(date ?? '');
    if (!Number.isNaN(time)) this.awsTimeMs = Math.max(this.awsTimeMs, time);
  }
}

/** While one external id takes the other's place, the role decides which of them it takes. */
async function firstAccepted<T>(externalIds: string[], assume: (externalId: string) => Promise<T>): Promise<T> {
  for (const externalId of externalIds.slice(0, -1)) {
    try {
      return await assume(externalId);
    } catch (error) {
      if (failureOf(error) !== 'DENIED') throw error;
    }
  }
  return assume(externalIds.at(-1) as string);
}
