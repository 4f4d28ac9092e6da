import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type TestRequest, Unavailable } from '@audital/contracts';
import { failureOf } from './aws-errors';

export interface SessionCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** What STS answered: credentials, or AWS's name for the refusal. */
export type Assumed = { credentials: SessionCredentials } | { credentials: null; refusal: string };

export type Identity = { arn: string; account: string } | { arn: null; refusal: string; message: string };

/** Patience of every call of a test: a person is waiting for the answer. */
export const TEST_CLIENT = { maxAttempts: 3, requestHandler: { requestTimeout: 5_000, connectionTimeout: 3_000 } };

/** The shortest session that AWS gives, in seconds. */
const SESSION_SECONDS = 900;

/** A role as STS sees it. AWS not answering, or throttling, is Unavailable: nothing may be concluded from it. */
export class RoleUnderTest {
  /** How far this machine's clock is ahead of AWS's; null until AWS has told the time. */
  skewMs: number | null = null;
  private readonly sts: STSClient;

  constructor(
    private readonly request: TestRequest,
    private readonly now: () => Date,
  ) {
    this.sts = new STSClient({ region: request.region, ...TEST_CLIENT });
    this.noteTimes(this.sts);
  }

  /** Who Audital itself is. */
  ourselves(): Promise<Identity> {
    return identityOf(this.sts);
  }

  /** `externalId` null: none is sent. */
  async assume(externalId: string | null): Promise<Assumed> {
    const input = {
      RoleArn: this.request.roleArn,
      RoleSessionName: `audital-${this.request.integrationId ?? 'dry-run'}`,
      DurationSeconds: SESSION_SECONDS,
    };
    try {
      const { Credentials: found } = await this.sts.send(
        new AssumeRoleCommand(externalId === null ? input : { ...input, ExternalId: externalId }),
      );
      return {
        credentials: {
          accessKeyId: found?.AccessKeyId as string,
          secretAccessKey: found?.SecretAccessKey as string,
          sessionToken: found?.SessionToken as string,
        },
      };
    } catch (error) {
      return { credentials: null, refusal: refusalOf(error).name };
    }
  }

  /** Who the session of the role is. */
  async session(credentials: SessionCredentials): Promise<Identity> {
    const sts = new STSClient({ region: this.request.region, credentials, ...TEST_CLIENT });
    try {
      return await identityOf(sts);
    } finally {
      sts.destroy();
    }
  }

  close(): void {
    this.sts.destroy();
  }

  private noteTimes(client: STSClient): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers?: Record<string, string> };
        const toldMs = Date.parse(headers?.['date'] ?? '');
        // An answer from a cache says in `age` how old it is.
        const ageMs = Number(headers?.['age'] ?? 0) * 1000;
        if (!Number.isNaN(toldMs)) this.skewMs = this.now().getTime() - toldMs - ageMs;
        return result;
      },
      { step: 'deserialize', name: 'auditalClock', priority: 'low' },
    );
  }
}

async function identityOf(sts: STSClient): Promise<Identity> {
  try {
    const { Arn, Account } = await sts.send(new GetCallerIdentityCommand({}));
    return { arn: Arn ?? '', account: Account ?? '' };
  } catch (error) {
    const { name, message } = refusalOf(error);
    return { arn: null, refusal: name, message };
  }
}

/** Throws Unavailable for what is no refusal. */
function refusalOf(error: unknown): { name: string; message: string } {
  const { name, message } = error as Error;
  const failure = failureOf(error);
  if (failure === 'AWAY' || failure === 'THROTTLED')
    throw new Unavailable('aws', `STS did not answer (${name}); the test is tried again.`, { cause: error });
  return { name, message };
}
