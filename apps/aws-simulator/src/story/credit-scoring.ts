import type { JsonObject } from '../domain/json';
import {
  ACCOUNT_ID,
  ENDPOINT,
  endpointConfig,
  model,
  PRODUCTION,
  schedule,
  trained,
  training,
  XGBOOST,
} from './credit-scoring-commands';
import {
  driftAlert,
  firstDeployment,
  metricsOf,
  modelSeen,
  retired,
  rolledBack,
  secondDeployment,
  trainingEnded,
} from './credit-scoring-expected';
import { FAILING_CURVES, FIRST_CURVES, measured, SECOND_CURVES } from './credit-scoring-metrics';
import { baselineFiles, driftFound, driftGone, qualityKept } from './credit-scoring-monitoring';
import { accountBefore, otherTeams } from './credit-scoring-others';
import { stamp, type Step, type Story } from './story';

const DATA_QUALITY = 'credit-scorer-prod-data-quality';
const MODEL_QUALITY = 'credit-scorer-prod-model-quality';

const minutes = (count: number): number => count * 60;

const OUT_OF_MEMORY =
  'AlgorithmError: framework error: XGBoostError: out of memory: the training data does not fit into the instance, exit code: 1';

/** Names carry the time at which the account was opened, so they are fixed before the first step is played. */
function namesFrom(base: number) {
  const at = (offsetSeconds: number): string => stamp(base + offsetSeconds * 1000);
  const hour = (offsetSeconds: number): string => at(offsetSeconds).replaceAll('-', '').slice(0, 12);
  return {
    first: `credit-scorer-${at(20)}`,
    failing: `credit-scorer-${at(minutes(6))}`,
    second: `credit-scorer-${at(minutes(48))}`,
    baseline: `credit-scorer-baseline-${at(minutes(22))}`,
    merge: `groundtruth-merge-${hour(minutes(30))}-${'7'.repeat(16)}`,
    clean: `credit-scorer-model-quality-${hour(minutes(30))}-${'7'.repeat(16)}`,
    drift: `credit-scorer-data-quality-${hour(minutes(30))}-${'3'.repeat(16)}`,
    afterwards: `credit-scorer-data-quality-${hour(minutes(90))}-${'4'.repeat(16)}`,
  };
}
type Names = ReturnType<typeof namesFrom>;

function trainAndDeploy(names: Names, base: number): Step[] {
  const at = (seconds: number): number => base + seconds * 1000;
  return [
    {
      offsetSeconds: 20,
      title: 'a training job of the credit scorer starts',
      commands: [training(names.first, XGBOOST, 's3://credit-scorer-data/train/2025/')],
    },
    {
      offsetSeconds: minutes(2),
      title: 'the training job completes',
      commands: [trained(names.first, 0.912, 0.871), measured(names.first, at(60), FIRST_CURVES)],
      expected: [trainingEnded(names.first, 'Completed', 'the first training completes'), modelSeen],
    },
    {
      offsetSeconds: minutes(6),
      title: 'a second training job tries deeper trees',
      commands: [training(names.failing, { ...XGBOOST, max_depth: '14' }, 's3://credit-scorer-data/train/2025-wide/')],
    },
    {
      offsetSeconds: minutes(11),
      title: 'the second training job fails',
      commands: [
        { type: 'failTrainingJob', name: names.failing, reason: OUT_OF_MEMORY },
        measured(names.failing, at(minutes(8)), FAILING_CURVES),
      ],
      expected: [trainingEnded(names.failing, 'Failed', 'the training with deeper trees fails')],
    },
    {
      offsetSeconds: minutes(15),
      title: `endpoint ${ENDPOINT} is being created on the first model`,
      commands: [
        model('credit-scorer-v1', names.first),
        endpointConfig('credit-scorer-prod-v1', 'credit-scorer-v1'),
        { type: 'createEndpoint', name: ENDPOINT, configName: 'credit-scorer-prod-v1', tags: PRODUCTION },
      ],
    },
    {
      offsetSeconds: minutes(20),
      title: `endpoint ${ENDPOINT} goes into service`,
      commands: [{ type: 'settleEndpoint', name: ENDPOINT }],
      expected: [firstDeployment],
    },
  ];
}

const ANALYZER = '749857270468.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-model-monitor-analyzer';
const MERGER = '749857270468.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-model-monitor-groundtruth-merger';
const FINISHED = 'Completed: Job completed successfully.';

function watch(names: Names): Step[] {
  const baseline: JsonObject = {
    Environment: { dataset_format: '{"csv":{"header":true}}', publish_cloudwatch_metrics: 'Disabled' },
    AppSpecification: { ImageUri: ANALYZER },
  };
  const merge: JsonObject = {
    Environment: { sagemaker_endpoint_name: ENDPOINT, sagemaker_monitoring_schedule_name: MODEL_QUALITY },
    AppSpecification: { ImageUri: MERGER },
  };
  const scheduleArn = `arn:aws:sagemaker:eu-west-2:${ACCOUNT_ID}:monitoring-schedule/${MODEL_QUALITY}`;
  return [
    {
      offsetSeconds: minutes(22),
      title: 'a baseline of the training data is being computed',
      commands: [{ type: 'createProcessingJob', name: names.baseline, spec: baseline, tags: PRODUCTION }],
    },
    {
      offsetSeconds: minutes(26),
      title: 'the baseline is there, and monitoring is switched on',
      commands: [
        { type: 'endProcessingJob', name: names.baseline, status: 'Completed', exitMessage: FINISHED },
        ...baselineFiles,
        schedule(DATA_QUALITY, 'DataQuality'),
        schedule(MODEL_QUALITY, 'ModelQuality'),
      ],
      expected: [metricsOf(names.first, FIRST_CURVES, 'the curves of the first training follow it')],
    },
    {
      offsetSeconds: minutes(31),
      title: 'the model quality monitor runs, ground truth first',
      commands: [
        { type: 'createProcessingJob', name: names.merge, spec: merge, tags: PRODUCTION, scheduleArn },
        { type: 'startMonitoringExecution', schedule: MODEL_QUALITY, processingJobName: names.clean },
      ],
    },
    {
      offsetSeconds: minutes(36),
      title: 'the model quality monitor finds nothing, and the data quality monitor runs',
      commands: [
        { type: 'endProcessingJob', name: names.merge, status: 'Completed', exitMessage: FINISHED },
        { type: 'finishMonitoringExecution', processingJobName: names.clean, ...qualityKept },
        { type: 'startMonitoringExecution', schedule: DATA_QUALITY, processingJobName: names.drift },
      ],
      expected: [metricsOf(names.failing, FAILING_CURVES, 'the curves of the failed training show its memory')],
    },
    {
      offsetSeconds: minutes(42),
      title: 'the data quality monitor finds that debt_to_income has drifted',
      commands: [{ type: 'finishMonitoringExecution', processingJobName: names.drift, ...driftFound }],
      expected: [driftAlert(names.drift)],
    },
  ];
}

function replace(names: Names, base: number): Step[] {
  return [
    {
      offsetSeconds: minutes(48),
      title: 'the credit scorer is trained again, on recent data',
      commands: [training(names.second, { ...XGBOOST, num_round: '600' }, 's3://credit-scorer-data/train/2026/')],
    },
    {
      offsetSeconds: minutes(64),
      title: 'the second model is trained',
      commands: [trained(names.second, 0.921, 0.894), measured(names.second, base + minutes(56) * 1000, SECOND_CURVES)],
      expected: [trainingEnded(names.second, 'Completed', 'the training on recent data completes')],
    },
    {
      offsetSeconds: minutes(70),
      title: `endpoint ${ENDPOINT} is being updated to the second model`,
      commands: [
        model('credit-scorer-v2', names.second),
        endpointConfig('credit-scorer-prod-v2', 'credit-scorer-v2'),
        { type: 'updateEndpoint', name: ENDPOINT, configName: 'credit-scorer-prod-v2' },
      ],
    },
    {
      offsetSeconds: minutes(80),
      title: `endpoint ${ENDPOINT} serves the second model`,
      commands: [{ type: 'settleEndpoint', name: ENDPOINT }],
      expected: [secondDeployment],
    },
    {
      offsetSeconds: minutes(100),
      title: 'the data quality monitor runs again',
      commands: [{ type: 'startMonitoringExecution', schedule: DATA_QUALITY, processingJobName: names.afterwards }],
      expected: [metricsOf(names.second, SECOND_CURVES, 'the curves of the training on recent data follow it')],
    },
    {
      offsetSeconds: minutes(107),
      title: 'the data quality monitor finds nothing any more',
      commands: [{ type: 'finishMonitoringExecution', processingJobName: names.afterwards, ...driftGone }],
    },
  ];
}

const UNHEALTHY =
  'The primary container for production variant AllTraffic did not pass the ping health check. Please check CloudWatch logs.';

/** A third version that does not come up, more people at the door, and the end. */
function retire(): Step[] {
  return [
    {
      offsetSeconds: minutes(110),
      title: `endpoint ${ENDPOINT} is being updated to a third version`,
      commands: [
        endpointConfig('credit-scorer-prod-v3', 'credit-scorer-v2'),
        { type: 'updateEndpoint', name: ENDPOINT, configName: 'credit-scorer-prod-v3' },
      ],
    },
    {
      offsetSeconds: minutes(112),
      title: 'the third version fails its health check, and AWS begins to roll back',
      commands: [{ type: 'rollBackEndpoint', name: ENDPOINT, reason: UNHEALTHY }],
    },
    {
      offsetSeconds: minutes(114),
      title: `endpoint ${ENDPOINT} serves the second model again`,
      commands: [{ type: 'settleEndpoint', name: ENDPOINT }],
      expected: [rolledBack],
    },
    {
      offsetSeconds: minutes(115),
      title: 'autoscaling adds two instances, which is no deployment',
      commands: [
        { type: 'scaleEndpoint', name: ENDPOINT, counts: { AllTraffic: 4 } },
        { type: 'settleEndpoint', name: ENDPOINT },
      ],
    },
    {
      offsetSeconds: minutes(117),
      title: `monitoring is switched off, and endpoint ${ENDPOINT} is being deleted`,
      commands: [
        { type: 'deleteMonitoringSchedule', name: DATA_QUALITY },
        { type: 'deleteMonitoringSchedule', name: MODEL_QUALITY },
        { type: 'deleteEndpoint', name: ENDPOINT },
      ],
    },
    {
      offsetSeconds: minutes(119),
      title: `endpoint ${ENDPOINT} is gone`,
      commands: [
        { type: 'settleEndpoint', name: ENDPOINT },
        { type: 'deleteEndpointConfig', name: 'credit-scorer-prod-v2' },
      ],
      expected: [retired],
    },
  ];
}

/**
 * Two hours of a credit-scoring model in production: trained, failed once, deployed, watched, drifted, retrained, replaced, rolled back,
 * scaled, retired. Whatever else happens in the account belongs to other teams or to staging, and is no business of who watches
 * `credit-scorer` in production.
 */
export function creditScoring(base: number): Story {
  const names = namesFrom(base);
  const steps = [
    ...trainAndDeploy(names, base),
    ...watch(names),
    ...replace(names, base),
    ...retire(),
    ...otherTeams(base),
  ];
  steps.sort((a, b) => a.offsetSeconds - b.offsetSeconds);
  return { name: 'credit-scoring', before: accountBefore(base), steps };
}
