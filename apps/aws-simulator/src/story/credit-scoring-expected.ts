import type { Json } from '../domain/json';
import { ENDPOINT } from './credit-scoring-commands';
import type { Expected } from './story';

export const trainingEnded = (name: string, status: string, describes: string): Expected => ({
  eventType: 'TRAINING_COMPLETED',
  resource: name,
  describes,
  match: { 'payload.trainingJobName': name, 'payload.trainingJobStatus': status },
});

/** A second event, later: each curve whole, the job's own before the machine's. */
export const metricsOf = (
  name: string,
  { own, machine }: { own: Record<string, number[]>; machine: Record<string, number[]> },
  describes: string,
): Expected => {
  const curves = Object.entries({ ...own, ...machine });
  const values = curves.flatMap(([metric, points], series) => [
    [`payload.series.${series}.metric`, metric],
    [`payload.series.${series}.points.length`, points.length],
    ...points.map((value, point) => [`payload.series.${series}.points.${point}.1`, value]),
  ]);
  return {
    eventType: 'TRAINING_METRICS',
    resource: name,
    describes,
    match: {
      'payload.trainingJobName': name,
      'payload.settledBy': 'UNCHANGED',
      'payload.series.length': curves.length,
      ...(Object.fromEntries(values) as Record<string, Json>),
    },
  };
};

/** All training jobs carry one name before their time stamps, and both endpoints' artifacts lead to it: one model. */
export const modelSeen: Expected = {
  eventType: 'MODEL_REGISTERED',
  resource: 'credit-scorer',
  describes: 'the credit scorer is met for the first time',
  match: { 'payload.value': 'credit-scorer' },
};

export const firstDeployment: Expected = {
  eventType: 'DEPLOYMENT',
  resource: ENDPOINT,
  describes: 'the endpoint serves the first model',
  match: {
    'payload.endpointName': ENDPOINT,
    'payload.kind': 'CREATED',
    'payload.endpointConfigName': 'credit-scorer-prod-v1',
    'payload.modelName': 'credit-scorer-v1',
  },
};

export const secondDeployment: Expected = {
  eventType: 'DEPLOYMENT',
  resource: ENDPOINT,
  describes: 'the endpoint serves the second model in place of the first',
  match: {
    'payload.endpointName': ENDPOINT,
    'payload.kind': 'UPDATED',
    'payload.endpointConfigName': 'credit-scorer-prod-v2',
    'payload.modelName': 'credit-scorer-v2',
    'payload.previousModelName': 'credit-scorer-v1',
  },
};

/** 0.42 is 1.4 times the threshold of 0.3: HIGH. */
export const driftAlert = (processingJob: string): Expected => ({
  eventType: 'ALERT',
  resource: processingJob,
  describes: 'the monitor reports that debt_to_income has drifted',
  match: {
    severity: 'HIGH',
    'payload.monitoringJobName': processingJob,
    'payload.endpointName': ENDPOINT,
    'payload.feature': 'debt_to_income',
  },
});

export const rolledBack: Expected = {
  eventType: 'DEPLOYMENT_FAILED',
  resource: ENDPOINT,
  describes: 'the third version is rolled back to the second model',
  match: {
    'payload.endpointName': ENDPOINT,
    'payload.kind': 'ROLLED_BACK',
    'payload.attemptedEndpointConfigName': 'credit-scorer-prod-v3',
    'payload.endpointConfigName': 'credit-scorer-prod-v2',
  },
};

export const retired: Expected = {
  eventType: 'DEPLOYMENT_ENDED',
  resource: ENDPOINT,
  describes: 'the endpoint is deleted, the second model was its last',
  match: {
    'payload.endpointName': ENDPOINT,
    'payload.endpointConfigName': 'credit-scorer-prod-v2',
    'payload.previousModelName': 'credit-scorer-v2',
  },
};
