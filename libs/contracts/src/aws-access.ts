/** The lowest of the three policies that grants an action: as the public page prints it, with the reads it lacks, with the reports in S3. */
export type PolicyTier = 'public' | 'recommended' | 'full';

export interface AwsPermission {
  action: string;
  tier: PolicyTier;
  /** What Audital cannot record without it. */
  loss: string;
}

const sagemaker = (tier: PolicyTier, losses: Record<string, string>): AwsPermission[] =>
  Object.entries(losses).map(([name, loss]) => ({ action: `sagemaker:${name}`, tier, loss }));

/** Every action that a role may grant to Audital, in the order in which the doctor asks for them. All of them read (facts/aws §6). */
export const AWS_PERMISSIONS: readonly AwsPermission[] = [
  ...sagemaker('public', {
    ListTrainingJobs: 'Training jobs are not seen at all: every poll fails.',
    DescribeTrainingJob: 'TRAINING_COMPLETED events: jobs are seen to end, but nothing of them can be read.',
    ListEndpoints: 'Endpoints are not seen at all: every poll fails.',
    DescribeEndpoint: 'DEPLOYMENT events: endpoints are seen to change, but nothing of them can be read.',
    ListModels: 'Nothing that is recorded today; models are read one by one when they are deployed.',
    DescribeModel: 'The lineage from training job to deployment: image, artifact and model package of a DEPLOYMENT.',
    ListProcessingJobs: 'Monitoring runs are not seen at all: every poll fails.',
    DescribeProcessingJob: 'ALERT events: the exit message of a monitoring run, its endpoint and its schedule.',
    DescribeModelBiasJobDefinition: 'Where the thresholds of a bias monitor lie.',
  }),
  ...sagemaker('recommended', {
    DescribeEndpointConfig: 'modelName, instanceType and initialInstanceCount of DEPLOYMENT events.',
    ListTags:
      'filters.tags cannot be evaluated, so that polls with a tag filter fail; environment and model from a tag.',
    ListInferenceComponents: 'modelName of DEPLOYMENT events where inference components bring the models.',
    DescribeInferenceComponent: 'modelName of DEPLOYMENT events where inference components bring the models.',
    ListMonitoringSchedules: 'Monitors that are switched off, and the bucket of their reports.',
    DescribeMonitoringSchedule: 'What a monitor watches, and where its reports lie.',
    ListMonitoringExecutions: 'The exact type and status of a monitoring run; the exit message alone is left.',
    ListMonitoringAlertHistory: 'When a monitor went into alert and came out of it.',
    DescribeDataQualityJobDefinition: 'Where the thresholds of a data-quality monitor lie.',
    DescribeModelQualityJobDefinition: 'Where the thresholds of a model-quality monitor lie.',
    DescribeModelExplainabilityJobDefinition: 'Where the thresholds of a feature-attribution monitor lie.',
  }),
  {
    action: 'cloudwatch:GetMetricData',
    tier: 'public',
    loss: 'Metric series of training jobs, and drift values where the report cannot be read.',
  },
  {
    action: 'cloudwatch:ListMetrics',
    tier: 'public',
    loss: 'Which metrics a monitor wrote: drift values where the report cannot be read.',
  },
  {
    action: 's3:ListBucket',
    tier: 'full',
    loss: 'Whether a report is missing or forbidden cannot be told apart.',
  },
  {
    action: 's3:GetObject',
    tier: 'full',
    loss: 'Drift, threshold and statistics of ALERT events: they stay at what exit message and CloudWatch say.',
  },
  {
    action: 'kms:Decrypt',
    tier: 'full',
    loss: 'Drift, threshold and statistics of ALERT events whose reports are encrypted with a key of yours.',
  },
];

const ORDER: readonly PolicyTier[] = ['public', 'recommended', 'full'];

/** Whether the policy of `tier` grants what belongs to the tier of `permission`. */
export const grants = (tier: PolicyTier, permission: AwsPermission): boolean =>
  ORDER.indexOf(permission.tier) <= ORDER.indexOf(tier);

export interface PolicyStatement {
  Sid?: string;
  Effect: 'Allow';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** Where monitoring reports lie. `prefix` has no slash at its beginning; empty: the whole bucket. */
export interface ReportPlace {
  bucket: string;
  prefix: string;
}

/** Grants actions of one service on what they act on. Lists and metrics know no resource; a key of KMS may be used through S3 only. */
export function statementFor(actions: string[], o: { partition: string; reports: ReportPlace }): PolicyStatement {
  const { partition, reports } = o;
  const [first = ''] = actions;
  const bucket = `arn:${partition}:s3:::${reports.bucket}`;
  const on = (Resource: string): PolicyStatement => ({
    Effect: 'Allow',
    Action: actions.length === 1 ? first : actions,
    Resource,
  });
  if (first === 's3:ListBucket') return on(bucket);
  if (first.startsWith('s3:')) return on(`${bucket}/${reports.prefix}*`);
  if (!first.startsWith('kms:')) return on('*');
  return { ...on('*'), Condition: { StringLike: { 'kms:ViaService': 's3.*.amazonaws.com*' } } };
}

export interface TrustPolicy {
  Version: '2012-10-17';
  Statement: {
    Effect: 'Allow';
    Principal: { AWS: string };
    Action: 'sts:AssumeRole';
    Condition: { StringEquals: { 'sts:ExternalId': string | string[] } };
  }[];
}

/** Who may assume the role, and on which word. Two external ids stand in it while one takes the other's place. */
export function trustPolicyOf(principalArn: string, externalIds: readonly string[]): TrustPolicy {
  const [first = ''] = externalIds;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: principalArn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalIds.length === 1 ? first : [...externalIds] } },
      },
    ],
  };
}
