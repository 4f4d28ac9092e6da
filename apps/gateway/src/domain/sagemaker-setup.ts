import {
  AWS_PERMISSIONS,
  grants,
  type OrganisationId,
  type PolicyStatement,
  type PolicyTier,
  type ReportPlace,
  statementFor,
  type TrustPolicy,
  trustPolicyOf,
} from '@audital/contracts';

export interface PermissionPolicy {
  Version: '2012-10-17';
  Statement: PolicyStatement[];
}

export interface PolicyTierView {
  tier: PolicyTier;
  /** What Audital cannot record with it, and the action that it would take. */
  losses: string[];
  policy: PermissionPolicy;
}

export interface SagemakerSetup {
  organisationId: OrganisationId;
  externalId: string;
  /** The one that is taking its place; the trust policy holds both until the rotation is finished. */
  nextExternalId: string | null;
  roleName: string;
  /** Who assumes the role; a placeholder until it is known. */
  principalArn: string;
  trustPolicy: TrustPolicy;
  tiers: PolicyTierView[];
  /** The tier of the three texts that follow. */
  tier: PolicyTier;
  cloudFormation: string;
  terraform: string;
  /** Commands for a shell. */
  awsCli: string;
  notes: string[];
}

export interface SetupInput {
  organisationId: OrganisationId;
  externalId: string;
  nextExternalId: string | null;
  principalArn: string | null;
  tier: PolicyTier;
  reportBucket: string | null;
  reportPrefix: string | null;
}

const TIERS: readonly PolicyTier[] = ['public', 'recommended', 'full'];
const ROLE_NAME = 'AuditalSageMakerRole';
const POLICY_NAME = 'AuditalReadsSageMaker';
const PRINCIPAL_PLACEHOLDER = 'arn:aws:iam::ACCOUNT_THAT_RUNS_AUDITAL:role/ROLE_OF_THE_COLLECTOR';
const BUCKET_PLACEHOLDER = 'BUCKET_OF_YOUR_MONITORING_REPORTS';

/** The public page prints it, but AWS has no such action; the real one is DescribeModelQualityJobDefinition (facts/aws §6.1). */
const NOT_AN_ACTION = 'sagemaker:GetModelQualityJobDefinition';

/** What a customer needs to let Audital in, filled in for this organisation (DESIGN §5, Registration). */
export function sagemakerSetup(input: SetupInput): SagemakerSetup {
  const { organisationId, externalId, nextExternalId, tier } = input;
  const principalArn = input.principalArn ?? PRINCIPAL_PLACEHOLDER;
  const trustPolicy = trustPolicyOf(
    principalArn,
    nextExternalId === null ? [externalId] : [nextExternalId, externalId],
  );
  const bucket = input.reportBucket ?? BUCKET_PLACEHOLDER;
  const place = {
    partition: principalArn.split(':')[1] ?? 'aws',
    reports: { bucket, prefix: input.reportPrefix ?? '' },
  };
  const policy = policyOf(tier, place);
  return {
    organisationId,
    externalId,
    nextExternalId,
    roleName: ROLE_NAME,
    principalArn,
    trustPolicy,
    tiers: TIERS.map((one) => ({ tier: one, losses: lossesOf(one), policy: policyOf(one, place) })),
    tier,
    cloudFormation: cloudFormation(trustPolicy, policy),
    terraform: terraform(trustPolicy, policy),
    awsCli: awsCli(trustPolicy, policy),
    notes: notesOf(input),
  };
}

function notesOf({ principalArn, reportBucket, nextExternalId, tier }: SetupInput): string[] {
  const notes = [
    'The external id is not a secret, but it is yours alone: only your organisation can register roles that ask for it.',
  ];
  if (nextExternalId !== null)
    notes.push(
      'Your external id is being replaced: give every role this trust policy, which takes both, and test its integration. Once the rotation is finished, take the old one out.',
    );
  if (principalArn === null)
    notes.push(`Replace ${PRINCIPAL_PLACEHOLDER} by the role that Audital runs as, or ask with ?principalArn=arn:….`);
  if (principalArn?.endsWith(':root'))
    notes.push('This principal lets in whoever in that account may assume roles; the ARN of one role is narrower.');
  if (tier === 'full' && reportBucket === null)
    notes.push(`Replace ${BUCKET_PLACEHOLDER} by the bucket of your monitoring reports, or ask with ?reportBucket=….`);
  if (tier !== 'full') notes.push('The texts hold the policy of one tier; ask with ?tier=public, recommended or full.');
  return notes;
}

function lossesOf(tier: PolicyTier): string[] {
  const losses = AWS_PERMISSIONS.filter((permission) => !grants(tier, permission)).map(
    ({ action, loss }) => `${action}: ${loss}`,
  );
  return tier === 'public'
    ? [...losses, `${NOT_AN_ACTION} is on the public page, but AWS has no such action.`]
    : losses;
}

function policyOf(tier: PolicyTier, place: { partition: string; reports: ReportPlace }): PermissionPolicy {
  const actions = AWS_PERMISSIONS.filter((permission) => grants(tier, permission)).map(({ action }) => action);
  const statements = [
    { Sid: 'AuditalSageMaker', own: (action: string) => action.startsWith('sagemaker:') },
    { Sid: 'AuditalMetrics', own: (action: string) => action.startsWith('cloudwatch:') },
    { Sid: 'AuditalReportNames', own: (action: string) => action === 's3:ListBucket' },
    { Sid: 'AuditalReports', own: (action: string) => action === 's3:GetObject' },
    { Sid: 'AuditalReportKeys', own: (action: string) => action === 'kms:Decrypt' },
  ].map(({ Sid, own }) => ({ Sid, own: actions.filter(own) }));
  return {
    Version: '2012-10-17',
    Statement: statements
      .filter(({ own }) => own.length > 0)
      .map(({ Sid, own }) => {
        const printed = tier === 'public' && Sid === 'AuditalSageMaker' ? [...own, NOT_AN_ACTION] : own;
        return { Sid, ...statementFor(printed, place) };
      }),
  };
}

const indented = (value: unknown, spaces: number): string =>
  JSON.stringify(value, null, 2).replaceAll('\n', `\n${' '.repeat(spaces)}`);

/** JSON is YAML, so the policies stand in the template as they are. */
function cloudFormation(trustPolicy: TrustPolicy, policy: PermissionPolicy): string {
  return `AWSTemplateFormatVersion: '2010-09-09'
Description: Lets Audital read SageMaker in this account.
Resources:
  AuditalRole:
    Type: AWS::IAM::Role
    Properties:
      RoleName: ${ROLE_NAME}
      Description: Audital reads SageMaker through this role.
      AssumeRolePolicyDocument: ${indented(trustPolicy, 8)}
      Policies:
        - PolicyName: ${POLICY_NAME}
          PolicyDocument: ${indented(policy, 12)}
Outputs:
  RoleArn:
    Description: The roleArn of POST /v1/integrations/sagemaker
    Value: !GetAtt AuditalRole.Arn
`;
}

function terraform(trustPolicy: TrustPolicy, policy: PermissionPolicy): string {
  return `resource "aws_iam_role" "audital" {
  name               = "${ROLE_NAME}"
  description        = "Audital reads SageMaker through this role."
  assume_role_policy = jsonencode(${indented(trustPolicy, 2)})
}

resource "aws_iam_role_policy" "audital" {
  name   = "${POLICY_NAME}"
  role   = aws_iam_role.audital.id
  policy = jsonencode(${indented(policy, 2)})
}

output "role_arn" {
  value = aws_iam_role.audital.arn
}
`;
}

/** No value in the policies holds a single quote: ARNs, ids and bucket names cannot. */
function awsCli(trustPolicy: TrustPolicy, policy: PermissionPolicy): string {
  return `aws iam create-role --role-name ${ROLE_NAME} \\
  --description 'Audital reads SageMaker through this role.' \\
  --assume-role-policy-document '${JSON.stringify(trustPolicy)}'

aws iam put-role-policy --role-name ${ROLE_NAME} --policy-name ${POLICY_NAME} \\
  --policy-document '${JSON.stringify(policy)}'

aws iam get-role --role-name ${ROLE_NAME} --query Role.Arn --output text
`;
}
