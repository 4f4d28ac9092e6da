import type { Command } from '../domain/commands';
import { PRODUCTION } from './credit-scoring-commands';
import { driftFound, REPORTS_URI } from './credit-scoring-monitoring';
import { stamp, type Step } from './story';

const CHURN = { Environment: 'production', Project: 'churn', Team: 'marketing' };
const STAGING = { Environment: 'staging', Project: 'credit-risk', Team: 'lending' };

const HOUR_MS = 3_600_000;
const minutes = (count: number): number => count * 60;

/** The same command at a time before the account was opened. */
const at = (ms: number, command: Command): Command => ({ ...command, at: new Date(ms).toISOString() });

/** Model, configuration and endpoint of one name. */
const endpointOf = (name: string, tags: Record<string, string>): Command[] => [
  {
    type: 'createModel',
    name,
    tags,
    spec: { PrimaryContainer: { Image: 'xgboost:1.7-1', ModelDataUrl: `s3://models/${name}/model.tar.gz` } },
  },
  { type: 'createEndpointConfig', name, tags, variants: [{ modelName: name }] },
  { type: 'createEndpoint', name, configName: name, tags },
];

const inServiceSince = (ms: number, name: string, tags: Record<string, string>): Command[] => [
  ...endpointOf(name, tags).map((command) => at(ms, command)),
  at(ms + 6 * 60_000, { type: 'settleEndpoint', name }),
];

/** What stood in the account already: nothing of it is news. */
export function accountBefore(base: number): Command[] {
  const yesterday = base - 26 * HOUR_MS;
  const old = `credit-scorer-${stamp(yesterday)}`;
  return [
    at(yesterday, { type: 'createTrainingJob', name: old, tags: PRODUCTION }),
    at(yesterday + HOUR_MS, {
      type: 'completeTrainingJob',
      name: old,
      metrics: [{ name: 'validation:auc', value: 0.842 }],
    }),
    ...inServiceSince(base - 400 * HOUR_MS, 'churn-prod', CHURN),
    ...inServiceSince(base - 90 * HOUR_MS, 'credit-scorer-staging', STAGING),
    at(base - 300 * HOUR_MS, {
      type: 'createMonitoringSchedule',
      name: 'churn-prod-data-quality',
      endpointName: 'churn-prod',
      monitoringType: 'DataQuality',
      outputUri: REPORTS_URI,
      tags: CHURN,
    }),
    at(base - 80 * HOUR_MS, {
      type: 'createMonitoringSchedule',
      name: 'credit-scorer-staging-data-quality',
      endpointName: 'credit-scorer-staging',
      monitoringType: 'DataQuality',
      outputUri: REPORTS_URI,
      tags: STAGING,
    }),
  ];
}

/** Training, deployment and drift that the filters must drop: another prefix in production, the right prefix in staging. */
export function otherTeams(base: number): Step[] {
  const churnJob = `churn-${stamp(base + minutes(53) * 1000)}`;
  const stagingJob = `credit-scorer-experiment-${stamp(base + minutes(53) * 1000)}`;
  const churnDrift = `churn-data-quality-${'5'.repeat(16)}`;
  const stagingDrift = `credit-scorer-staging-data-quality-${'6'.repeat(16)}`;
  return [
    {
      offsetSeconds: minutes(53),
      title: 'another team and staging train models of theirs',
      commands: [
        { type: 'createTrainingJob', name: churnJob, tags: CHURN },
        { type: 'createTrainingJob', name: stagingJob, tags: STAGING },
        ...endpointOf('churn-challenger', CHURN),
      ],
    },
    {
      offsetSeconds: minutes(59),
      title: 'these models are trained and deployed, none of them the credit scorer in production',
      commands: [
        { type: 'completeTrainingJob', name: churnJob },
        { type: 'failTrainingJob', name: stagingJob, reason: 'ClientError: no such column: debt_to_incom' },
        { type: 'settleEndpoint', name: 'churn-challenger' },
      ],
    },
    {
      offsetSeconds: minutes(86),
      title: 'the monitors of another team and of staging run',
      commands: [
        { type: 'startMonitoringExecution', schedule: 'churn-prod-data-quality', processingJobName: churnDrift },
        {
          type: 'startMonitoringExecution',
          schedule: 'credit-scorer-staging-data-quality',
          processingJobName: stagingDrift,
        },
      ],
    },
    {
      offsetSeconds: minutes(93),
      title: 'both find drift, which is not for who watches the credit scorer in production',
      commands: [
        { type: 'finishMonitoringExecution', processingJobName: churnDrift, ...driftFound },
        { type: 'finishMonitoringExecution', processingJobName: stagingDrift, ...driftFound },
      ],
    },
  ];
}
