import {
  facts,
  type IntegrationId,
  makeId,
  type Observation,
  type OrganisationId,
  type SealRequest,
} from '@audital/contracts';

const tail = (number: number): Uint8Array =>
  Uint8Array.from({ length: 10 }, (_, index) => (number >>> (8 * (index % 4))) & 255);

export const organisationId = (number = 1): OrganisationId => makeId('org', 1_700_000_000_000, tail(number));
export const integrationId = (number = 1): IntegrationId => makeId('int', 1_700_000_000_000, tail(number));

export const jobArn = (name: string): string => `arn:aws:sagemaker:eu-west-2:123456789012:training-job/${name}`;

/** A training job that ended; two with the same number are the same fact. */
export function observation(number: number, over: Partial<Observation> = {}): Observation {
  const name = `credit-scorer-${number}`;
  const createdAt = '2026-03-02T10:00:00.000Z';
  return {
    fact: facts.training(jobArn(name), createdAt, 'Completed'),
    eventType: 'TRAINING_COMPLETED',
    source: 'AWS_SAGEMAKER',
    severity: 'INFO',
    timestamp: '2026-03-02T11:00:00.000Z',
    observedAt: '2026-03-02T11:00:30.000Z',
    captureMode: 'POLL',
    actor: { type: 'SERVICE', id: 'sagemaker-collector' },
    integrationId: integrationId(),
    payload: { trainingJobName: name, trainingJobStatus: 'Completed', metrics: { 'validation:auc': 0.9487 } },
    tags: [],
    ...over,
  };
}

export function sealRequest(observations: Observation[], over: Partial<SealRequest> = {}): SealRequest {
  return {
    v: 1,
    organisationId: organisationId(),
    integrationId: integrationId(),
    observations,
    cursor: null,
    ...over,
  };
}
