import type { Command } from '../domain/commands';
import type { JsonObject } from '../domain/json';
import { BASELINE_URI, MONITORING_BUCKET, REPORTS_URI } from './credit-scoring-monitoring';

export const ACCOUNT_ID = '123456789012';
export const ENDPOINT = 'credit-scorer-prod';
export const PRODUCTION = { Environment: 'production', Project: 'credit-risk', Team: 'lending' };
const IMAGE = '764974769150.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-xgboost:1.7-1';

export const training = (name: string, hyperParameters: Record<string, string>, train: string): Command => ({
  type: 'createTrainingJob',
  name,
  tags: PRODUCTION,
  spec: {
    AlgorithmSpecification: {
      TrainingImage: IMAGE,
      TrainingInputMode: 'File',
      MetricDefinitions: [
        { Name: 'train:auc', Regex: String.raw`.*\[[0-9]+\].*#011train-auc:([-+]?[0-9]*\.?[0-9]+).*` },
        { Name: 'validation:auc', Regex: String.raw`.*\[[0-9]+\].*#011validation-auc:([-+]?[0-9]*\.?[0-9]+).*` },
      ],
    },
    HyperParameters: hyperParameters,
    InputDataConfig: [channel('train', train), channel('validation', 's3://credit-scorer-data/validation/')],
    OutputDataConfig: { KmsKeyId: '', S3OutputPath: `s3://ml-artifacts-${ACCOUNT_ID}/credit-scorer` },
    ResourceConfig: { InstanceType: 'ml.m5.2xlarge', InstanceCount: 1, VolumeSizeInGB: 50 },
    StoppingCondition: { MaxRuntimeInSeconds: 7200 },
  },
});

const channel = (name: string, uri: string): JsonObject => ({
  ChannelName: name,
  DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' } },
  ContentType: 'text/csv',
  CompressionType: 'None',
  RecordWrapperType: 'None',
});

export const XGBOOST = {
  objective: 'binary:logistic',
  eval_metric: 'auc',
  num_round: '400',
  eta: '0.1',
  max_depth: '6',
  subsample: '0.8',
};

/** The artifact of a training job, under a name that an endpoint configuration can point to. */
export const model = (name: string, trainingJob: string): Command => ({
  type: 'createModel',
  name,
  tags: PRODUCTION,
  spec: {
    PrimaryContainer: {
      Image: IMAGE,
      Mode: 'SingleModel',
      ModelDataUrl: `s3://ml-artifacts-${ACCOUNT_ID}/credit-scorer/${trainingJob}/output/model.tar.gz`,
      Environment: {},
    },
  },
});

export const endpointConfig = (name: string, modelName: string): Command => ({
  type: 'createEndpointConfig',
  name,
  tags: PRODUCTION,
  variants: [{ name: 'AllTraffic', modelName, instanceType: 'ml.m5.xlarge', instanceCount: 2, weight: 1 }],
  spec: {
    DataCaptureConfig: {
      EnableCapture: true,
      InitialSamplingPercentage: 100,
      DestinationS3Uri: `s3://${MONITORING_BUCKET}/capture`,
      CaptureOptions: [{ CaptureMode: 'Input' }, { CaptureMode: 'Output' }],
    },
  },
});

export const trained = (name: string, train: number, validation: number): Command => ({
  type: 'completeTrainingJob',
  name,
  metrics: [
    { name: 'train:auc', value: train },
    { name: 'validation:auc', value: validation },
  ],
});

export const schedule = (name: string, monitoringType: string): Command => ({
  type: 'createMonitoringSchedule',
  name,
  endpointName: ENDPOINT,
  monitoringType,
  outputUri: REPORTS_URI,
  baselineUri: BASELINE_URI,
  tags: PRODUCTION,
});
