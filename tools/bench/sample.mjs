import { chain, contracts } from './built.mjs';

const tail = (number) => Uint8Array.from({ length: 10 }, (_, index) => Math.floor(number / 256 ** (index % 6)) & 255);

export const organisationId = (number = 1) => contracts.makeId('org', 1_700_000_000_000, tail(number));
export const integrationId = contracts.makeId('int', 1_700_000_000_000, tail(1));

/** What a finished training job tells: about 650 bytes of payload, so payload and record are about 1.1 KB as RFC 8785. */
export function payloadOf(number) {
  const name = `credit-scorer-${number}`;
  return {
    trainingJobName: name,
    trainingJobArn: `arn:aws:sagemaker:eu-west-2:123456789012:training-job/${name}`,
    trainingJobStatus: 'Completed',
    algorithm: { image: '763104351884.dkr.ecr.eu-west-2.amazonaws.com/xgboost:1.7-1', inputMode: 'File' },
    hyperParameters: { eta: '0.2', gamma: '4', max_depth: '5', num_round: '100', objective: 'binary:logistic' },
    finalMetrics: { 'train:auc': 0.9612, 'validation:auc': 0.9487, 'validation:logloss': 0.21374 },
    resources: { instanceType: 'ml.m5.xlarge', instanceCount: 1, volumeSizeInGB: 30 },
    modelArtifacts: `s3://models/credit-scorer/${name}/output/model.tar.gz`,
    billableSeconds: 421,
  };
}

/** As the collector sends it: in canonical order. */
export function observation(number) {
  const arn = `arn:aws:sagemaker:eu-west-2:123456789012:training-job/credit-scorer-${number}`;
  return {
    fact: contracts.facts.training(arn, '2026-03-02T10:00:00.000Z', 'Completed'),
    eventType: 'TRAINING_COMPLETED',
    source: 'AWS_SAGEMAKER',
    severity: 'INFO',
    timestamp: '2026-03-02T11:00:00.000Z',
    observedAt: '2026-03-02T11:00:30.000Z',
    captureMode: 'POLL',
    actor: { type: 'SERVICE', id: 'sagemaker-collector' },
    integrationId,
    payload: chain.inCanonicalOrder(payloadOf(number)),
    tags: [],
  };
}

export const sealRequest = (observations, organisation = organisationId()) => ({
  v: 1,
  organisationId: organisation,
  integrationId,
  observations,
  cursor: null,
});
