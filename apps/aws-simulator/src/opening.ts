import type { Operator } from './command-log';
import type { Command } from './domain/commands';
import type { JsonObject } from './domain/json';

export const ROLE_NAME = 'AuditalSageMakerRole';
/** A user of the account itself, for whoever wants to look at it with an SDK. */
const CUSTOMER_KEY_ID = 'AKIASIMULATEDCUSTOMR';

/** What the customer attached to the role: everything that a collector may want to read, and nothing that writes. */
const READ_POLICY: JsonObject = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'ReadSageMaker',
      Effect: 'Allow',
      Action: ['sagemaker:List*', 'sagemaker:Describe*'],
      Resource: '*',
    },
    {
      Sid: 'ReadMetrics',
      Effect: 'Allow',
      Action: ['cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'],
      Resource: '*',
    },
    {
      Sid: 'ReadMonitoringReports',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'],
      Resource: '*',
    },
  ],
};

const trustPolicy = ({ externalId, principalAccount }: Operator): JsonObject => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${principalAccount}:root` },
      Action: 'sts:AssumeRole',
      ...(externalId === null ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
    },
  ],
});

export function openingCommands(accountId: string, operator: Operator, isNew: boolean): Command[] {
  const operatorKey: Command = {
    type: 'putAccessKey',
    accessKeyId: operator.operatorKeyId,
    arn: `arn:aws:iam::${operator.principalAccount}:user/audital`,
  };
  if (!isNew) return [{ type: 'setTrustPolicy', role: ROLE_NAME, policy: trustPolicy(operator) }, operatorKey];
  return [
    { type: 'putRole', name: ROLE_NAME, trustPolicy: trustPolicy(operator), permissionPolicy: READ_POLICY },
    { type: 'putAccessKey', accessKeyId: CUSTOMER_KEY_ID, arn: `arn:aws:iam::${accountId}:user/customer` },
    operatorKey,
  ];
}
