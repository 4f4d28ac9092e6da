import type { OrganisationId } from '@audital/contracts';

export type Tier = 'public' | 'recommended' | 'full';

interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  Resource: string | string[];
}

export interface Policy {
  Version: '2012-10-17';
  Statement: object[];
}

export interface PolicyTier {
  tier: Tier;
  /** What Audital cannot record with it. */
  losses: string[];
  policy: Policy;
}

export interface SagemakerSetup {
  organisationId: OrganisationId;
  externalId: string;
  roleName: string;
  /** Who assumes the role; a placeholder until it is known. */
  principalArn: string;
  trustPolicy: Policy;
  tiers: PolicyTier[];
  /** With the recommended tier. */
  cloudFormation: string;
  terraform: string;
  notes: string[];
}

export interface SetupInput {
  organisationId: OrganisationId;
  externalId: string;
  principalArn: string | null;
  reportBucket: string | null;
}

const ROLE_NAME = 'AuditalSageMakerRole';
const PRINCIPAL_PLACEHOLDER = 'arn:aws:iam::ACCOUNT_THAT_RUNS_AUDITAL:role/ROLE_OF_THE_COLLECTOR';
const BUCKET_PLACEHOLDER = 'BUCKET_OF_YOUR_MONITORING_REPORTS';

const prefixed = (service: string, actions: string[]): string[] => actions.map((action) => `${service}:${action}`);

/** As the public page prints it (facts/aws §6.1), with the action that AWS does not have. */
const PUBLIC_ACTIONS = prefixed('sagemaker', [
  'ListTrainingJobs',
  'DescribeTrainingJob',
  'ListEndpoints',
  'DescribeEndpoint',
  'ListModels',
  'DescribeModel',
  'ListProcessingJobs',
  'DescribeProcessingJob',
  'DescribeModelBiasJobDefinition',
  'GetModelQualityJobDefinition',
]);
const RECOMMENDED_ACTIONS = [
  ...PUBLIC_ACTIONS.filter((action) => action !== 'sagemaker:GetModelQualityJobDefinition'),
  ...prefixed('sagemaker', [
    'DescribeEndpointConfig',
    'ListTags',
    'ListMonitoringSchedules',
    'DescribeMonitoringSchedule',
    'ListMonitoringExecutions',
    'ListMonitoringAlertHistory',
    'DescribeDataQualityJobDefinition',
    'DescribeModelExplainabilityJobDefinition',
    'DescribeModelQualityJobDefinition',
  ]),
];
const METRICS_ACTIONS = prefixed('cloudwatch', ['GetMetricData', 'ListMetrics']);

const LOSSES: Record<Tier, string[]> = {
  public: [
    'DEPLOYMENT events lack modelName, instanceType and initialInstanceCount (DescribeEndpointConfig).',
    'filters.tags cannot be evaluated: an integration with a tag filter is refused (ListTags).',
    'ALERT events know no more than the exit message of the monitoring job (ListMonitoringExecutions, DescribeMonitoringSchedule).',
    'GetModelQualityJobDefinition is not an action that AWS has; it grants nothing.',
  ],
  recommended: ['ALERT events know the violated constraint, but not the values of the report in S3 (s3:GetObject).'],
  full: [],
};

/** What a customer needs to let Audital in, filled in for this organisation (DESIGN §5, Registration). */
export function sagemakerSetup(input: SetupInput): SagemakerSetup {
  const { organisationId, externalId } = input;
  const principalArn = input.principalArn ?? PRINCIPAL_PLACEHOLDER;
  const trustPolicy = trustPolicyOf(principalArn, externalId);
  const tiers = (['public', 'recommended', 'full'] as const).map((tier) => ({
    tier,
    losses: LOSSES[tier],
    policy: policyOf(tier, input.reportBucket),
  }));
  const recommended = policyOf('recommended', null);
  return {
    organisationId,
    externalId,
    roleName: ROLE_NAME,
    principalArn,
    trustPolicy,
    tiers,
    cloudFormation: cloudFormation(trustPolicy, recommended),
    terraform: terraform(trustPolicy, recommended),
    notes: notesOf(input),
  };
}

function notesOf({ principalArn, reportBucket }: SetupInput): string[] {
  const notes = [
    'The external id is not a secret, but it is yours alone: only your organisation can register roles that ask for it.',
  ];
  if (principalArn === null)
    notes.push(`Replace ${PRINCIPAL_PLACEHOLDER} by the role that Audital runs as, or ask with ?principalArn=arn:….`);
  if (reportBucket === null)
    notes.push(
      `For the full tier, replace ${BUCKET_PLACEHOLDER} by the bucket of your monitoring reports, or ask with ?reportBucket=….`,
    );
  return notes;
}

function trustPolicyOf(principalArn: string, externalId: string): Policy {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principalArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      },
    ],
  };
}

function policyOf(tier: Tier, reportBucket: string | null): Policy {
  const actions = tier === 'public' ? PUBLIC_ACTIONS : RECOMMENDED_ACTIONS;
  const statements: Statement[] = [
    { Sid: 'AuditalSageMaker', Effect: 'Allow', Action: actions, Resource: '*' },
    { Sid: 'AuditalMetrics', Effect: 'Allow', Action: METRICS_ACTIONS, Resource: '*' },
  ];
  return {
    Version: '2012-10-17',
    Statement: tier === 'full' ? [...statements, ...reportStatements(reportBucket ?? BUCKET_PLACEHOLDER)] : statements,
  };
}

function reportStatements(bucket: string): object[] {
  const viaS3 = { StringLike: { 'kms:ViaService': 's3.*.amazonaws.com' } };
  return [
    { Sid: 'AuditalReports', Effect: 'Allow', Action: ['s3:GetObject'], Resource: `arn:aws:s3:::${bucket}/*` },
    { Sid: 'AuditalReportNames', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: `arn:aws:s3:::${bucket}` },
    { Sid: 'AuditalReportKeys', Effect: 'Allow', Action: ['kms:Decrypt'], Resource: '*', Condition: viaS3 },
  ];
}

const indented = (value: unknown, spaces: number): string =>
  JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(spaces)}`);

/** JSON is YAML, so the policies stand in the template as they are. */
function cloudFormation(trustPolicy: Policy, policy: Policy): string {
  return `AWSTemplateFormatVersion: '2010-09-09'
Description: Lets Audital read SageMaker in this account.
Resources:
  AuditalRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ${ROLE_NAME}
      AssumeRolePolicyDocument: ${indented(trustPolicy, 8)}
      Policies:
        - PolicyName: AuditalReadsSageMaker
          PolicyDocument: ${indented(policy, 12)}
Outputs:
  RoleArn:
    Value: !GetAtt AuditalRole.Arn
`;
}

function terraform(trustPolicy: Policy, policy: Policy): string {
  return `resource "aws_iam_role" "audital" {
  name               = "${ROLE_NAME}"
  assume_role_policy = jsonencode(${indented(trustPolicy, 2)})
}

resource "aws_iam_role_policy" "audital" {
  name   = "AuditalReadsSageMaker"
  role   = aws_iam_role.audital.id
  policy = jsonencode(${indented(policy, 2)})
}

output "role_arn" {
  value = aws_iam_role.audital.arn
}
`;
}
