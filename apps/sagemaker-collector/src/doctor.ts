import { randomBytes } from 'node:crypto';
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import * as sagemaker from '@aws-sdk/client-sagemaker';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import {
  base62,
  type DoctorRow,
  type RefusalCode,
  type TestReply,
  type TestRequest,
  Unavailable,
} from '@audital/contracts';
import { failureOf } from './adapters/aws-errors';

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken: string };

const NOBODY = 'audital-permission-probe';

/** One cheap call for each permission; authorisation comes before existence, so "not found" means granted (facts/aws §6.3). */
const PROBES: { action: string; loss: string; send: (client: sagemaker.SageMakerClient) => Promise<unknown> }[] = [
  {
    action: 'sagemaker:ListTrainingJobs',
    loss: 'no training event at all',
    send: (c) => c.send(new sagemaker.ListTrainingJobsCommand({ MaxResults: 1 })),
  },
  {
    action: 'sagemaker:DescribeTrainingJob',
    loss: 'no training event at all',
    send: (c) => c.send(new sagemaker.DescribeTrainingJobCommand({ TrainingJobName: NOBODY })),
  },
  {
    action: 'sagemaker:ListEndpoints',
    loss: 'no deployment event at all',
    send: (c) => c.send(new sagemaker.ListEndpointsCommand({ MaxResults: 1 })),
  },
  {
    action: 'sagemaker:DescribeEndpoint',
    loss: 'no deployment event at all',
    send: (c) => c.send(new sagemaker.DescribeEndpointCommand({ EndpointName: NOBODY })),
  },
  {
    action: 'sagemaker:DescribeEndpointConfig',
    loss: 'modelName, instanceType and initialInstanceCount in DEPLOYMENT',
    send: (c) => c.send(new sagemaker.DescribeEndpointConfigCommand({ EndpointConfigName: NOBODY })),
  },
  {
    action: 'sagemaker:DescribeModel',
    loss: 'the lineage from training job to deployment',
    send: (c) => c.send(new sagemaker.DescribeModelCommand({ ModelName: NOBODY })),
  },
  {
    action: 'sagemaker:ListProcessingJobs',
    loss: 'no alert at all',
    send: (c) => c.send(new sagemaker.ListProcessingJobsCommand({ MaxResults: 1 })),
  },
  {
    action: 'sagemaker:DescribeProcessingJob',
    loss: 'no alert at all',
    send: (c) => c.send(new sagemaker.DescribeProcessingJobCommand({ ProcessingJobName: NOBODY })),
  },
];

/** The trust test, then the account, then the permissions (DESIGN §5). Throws Unavailable when AWS cannot be asked at all. */
export const testIntegration =
  (now: () => Date) =>
  async (request: TestRequest): Promise<TestReply> => {
    const rows: DoctorRow[] = [];
    const refused = (code: RefusalCode, message: string): TestReply => ({
      outcome: 'REFUSED',
      reason: { code, message },
      testedAt: now().toISOString(),
      rows,
    });
    const sts = new STSClient({ region: request.region, maxAttempts: 3 });
    try {
      const { credentials: right, refusal } = await assume(sts, request, request.externalId);
      if (!right) {
        rows.push(
          trust(
            'the right external id is accepted',
            false,
            `${refusal}: no such role, another principal in its trust policy, another external id, or sts:AssumeRole missing on our side.`,
          ),
        );
        return refused(
          'ROLE_NOT_ASSUMABLE',
          `${request.roleArn} cannot be assumed with the external id of this organisation. Check that the role exists, that its trust policy names this Audital as principal, and that sts:ExternalId is the one of GET /v1/integrations/sagemaker/setup.`,
        );
      }
      rows.push(trust('the right external id is accepted', true, 'The role was assumed.'));
      const open = [
        { check: 'a wrong external id is refused', externalId: `aud_ext_${base62(randomBytes(20), 20)}` },
        { check: 'a missing external id is refused', externalId: undefined },
      ];
      for (const { check, externalId } of open) {
        const { credentials: assumed, refusal } = await assume(sts, request, externalId);
        rows.push(
          trust(
            check,
            !assumed,
            assumed
              ? 'The role was assumed all the same: anybody who knows its ARN can use Audital to read this account.'
              : `${refusal}, as it must be.`,
          ),
        );
      }
      if (rows.some(({ status }) => status === 'DENIED')) {
        return refused(
          'INSECURE_TRUST_POLICY',
          'The role can be assumed without the right external id, which leaves it open to a confused deputy. Add the condition StringEquals sts:ExternalId to its trust policy (GET /v1/integrations/sagemaker/setup shows it whole), then test again.',
        );
      }
      const account = await accountOf(right, request.region);
      rows.push({
        check: 'account',
        status: account === request.awsAccountId ? 'GRANTED' : 'DENIED',
        detail: `GetCallerIdentity says ${account}.`,
        loss: null,
        statement: null,
      });
      if (account !== request.awsAccountId)
        return refused('WRONG_ACCOUNT', `The role leads to account ${account}, not to ${request.awsAccountId}.`);
      rows.push(...(await permissions(right, request)));
      return { outcome: 'ACCEPTED', reason: null, testedAt: now().toISOString(), rows };
    } finally {
      sts.destroy();
    }
  };

function trust(check: string, right: boolean, detail: string): DoctorRow {
  return {
    check,
    status: right ? 'GRANTED' : 'DENIED',
    detail,
    loss: right ? null : 'the integration is not activated',
    statement: null,
  };
}

/** Null when AWS refuses; AWS not answering is Unavailable, not a refusal. */
interface Assumed {
  credentials: Credentials | null;
  /** What AWS called its refusal. */
  refusal: string;
}

/** AWS not answering is Unavailable, not a refusal. */
async function assume(
  sts: STSClient,
  { roleArn, integrationId }: TestRequest,
  externalId: string | undefined,
): Promise<Assumed> {
  try {
    const input = { RoleArn: roleArn, RoleSessionName: `audital-${integrationId}`, DurationSeconds: 900 };
    const { Credentials: found } = await sts.send(
      new AssumeRoleCommand(externalId === undefined ? input : { ...input, ExternalId: externalId }),
    );
    const credentials = {
      accessKeyId: found?.AccessKeyId as string,
      secretAccessKey: found?.SecretAccessKey as string,
      sessionToken: found?.SessionToken as string,
    };
    return { credentials, refusal: '' };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'DENIED' || failure === 'OTHER') return { credentials: null, refusal: (error as Error).name };
    throw new Unavailable('aws', `STS did not answer (${(error as Error).name}); the test is tried again.`, {
      cause: error,
    });
  }
}

async function accountOf(credentials: Credentials, region: string): Promise<string | undefined> {
  const sts = new STSClient({ region, credentials });
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Account;
  } finally {
    sts.destroy();
  }
}

async function permissions(credentials: Credentials, { region, awsAccountId }: TestRequest): Promise<DoctorRow[]> {
  const client = new sagemaker.SageMakerClient({ region, credentials, maxAttempts: 3 });
  const cloudwatch = new CloudWatchClient({ region, credentials, maxAttempts: 2 });
  const tagArn = `arn:aws:sagemaker:${region}:${awsAccountId}:endpoint/${NOBODY}`;
  const all = [
    ...PROBES.map((probe) => ({ ...probe, send: () => probe.send(client) })),
    {
      action: 'sagemaker:ListTags',
      loss: 'tag filters, environment',
      send: () => client.send(new sagemaker.ListTagsCommand({ ResourceArn: tagArn })),
    },
    {
      action: 'cloudwatch:ListMetrics',
      loss: 'metric series and drift without the report in S3',
      send: () => cloudwatch.send(new ListMetricsCommand({ Namespace: '/aws/sagemaker/TrainingJobs' })),
    },
  ];
  try {
    const rows: DoctorRow[] = [];
    for (const { action, loss, send } of all) rows.push(await probed(action, loss, send));
    return rows;
  } finally {
    client.destroy();
    cloudwatch.destroy();
  }
}

async function probed(action: string, loss: string, send: () => Promise<unknown>): Promise<DoctorRow> {
  const granted: DoctorRow = {
    check: action,
    status: 'GRANTED',
    detail: 'The call was allowed.',
    loss: null,
    statement: null,
  };
  try {
    await send();
    return granted;
  } catch (error) {
    switch (failureOf(error)) {
      case 'DENIED':
        return {
          check: action,
          status: 'DENIED',
          detail: (error as Error).message.slice(0, 300),
          loss,
          statement: { Effect: 'Allow', Action: action, Resource: '*' },
        };
      case 'THROTTLED':
        return {
          check: action,
          status: 'THROTTLED',
          detail: 'AWS throttled the probe; test again later.',
          loss: null,
          statement: null,
        };
      case 'AWAY':
        return {
          check: action,
          status: 'SKIPPED',
          detail: 'AWS did not answer; test again later.',
          loss: null,
          statement: null,
        };
      case 'NOT_FOUND':
      case 'EXPIRED':
      case 'OTHER':
        return granted;
    }
  }
}
