import { facts, type JsonObject, type ModelIdentity, type Observation } from '@audital/contracts';
import type {
  ContainerDefinition,
  DescribeEndpointCommandOutput as Endpoint,
  DescribeModelCommandOutput as Model,
} from '@aws-sdk/client-sagemaker';
import type { EndpointSnapshot } from './cursor';
import type { ReadEndpoint, Telling } from './endpoints';
import { modelIdentity, trainingJobOf } from './model-identity';
import { type Observer, observedBy } from './observer';
import { hashable } from './payload';
import { type Commit, hideInText, hideSecrets } from './secrets';

export type DeploymentKind = 'BASELINE' | 'CREATED' | 'UPDATED' | 'TRAFFIC_SHIFT';

/** DEPLOYMENT and DEPLOYMENT_FAILED, and whose model it is. */
export function told(
  eventType: 'DEPLOYMENT' | 'DEPLOYMENT_FAILED',
  kind: DeploymentKind | 'FAILED' | 'ROLLED_BACK',
  telling: Telling,
): { observation: Observation; identity: ModelIdentity | null } {
  const { now, observer } = telling;
  const { integrationId } = observer;
  const ordinal = now.ordinal + 1;
  const identity = identityOf(telling);
  const observation: Observation = {
    ...observedBy(observer),
    fact: facts.deployment({ ...now, ordinal, integrationId, configurationName: now.configurationName ?? '' }),
    eventType,
    source: 'AWS_SAGEMAKER',
    severity: eventType === 'DEPLOYMENT_FAILED' ? 'HIGH' : 'INFO',
    timestamp: kind === 'BASELINE' ? now.createdAt : now.lastModifiedAt,
    captureMode: kind === 'BASELINE' ? 'BACKFILL' : observer.captureMode,
    payload: deploymentPayload(kind, telling, identity),
  };
  return { observation, identity };
}

function identityOf({ before, now, read, observer }: Telling): ModelIdentity | null {
  const { modelName } = now;
  const model = modelName === null ? undefined : read.models.get(modelName);
  const found = modelIdentity({
    tag: observer.settings.modelIdentity.tag,
    tags: read.tags,
    trainingJobName: trainingJobOf(artifactOf(model)),
    modelName,
  });
  // Of a model that cannot be described any more its name alone would make another identity than before.
  const isSame = before !== null && before.modelName === modelName && before.modelIdentity !== null;
  return !model && isSame && found?.rule !== 'TAG' ? before.modelIdentity : found;
}

const containersOf = (model: Model | undefined): ContainerDefinition[] =>
  model?.PrimaryContainer ? [model.PrimaryContainer] : (model?.Containers ?? []);

const artifact = (container: ContainerDefinition | undefined): string | null =>
  container?.ModelDataUrl ?? container?.ModelDataSource?.S3DataSource?.S3Uri ?? null;

const artifactOf = (model: Model | undefined): string | null => artifact(containersOf(model)[0]);

function deploymentPayload(kind: string, telling: Telling, identity: ModelIdentity | null): JsonObject {
  const { before, now, read, observer } = telling;
  const { endpoint, config, models, components, tags, gaps } = read;
  const { settings, commit } = observer;
  const model = now.modelName === null ? undefined : models.get(now.modelName);
  const variants = (endpoint.ProductionVariants ?? []).map((variant) => variantPayload(variant, read));
  const leading = variants.find(({ modelName }) => modelName === now.modelName) ?? variants[0];
  return hashable({
    kind,
    endpointName: now.name,
    endpointArn: now.arn,
    endpointStatus: now.status,
    endpointConfigName: now.configurationName,
    previousEndpointConfigName: before?.configurationName ?? null,
    modelName: now.modelName,
    previousModelName: before?.modelName ?? null,
    trainingJobName: trainingJobOf(artifactOf(model)),
    modelDataUrl: artifactOf(model),
    modelPackageName: containersOf(model)[0]?.ModelPackageName,
    image: containersOf(model)[0]?.Image,
    instanceType: leading?.instanceType,
    initialInstanceCount: leading?.initialInstanceCount,
    failureReason: hideInText(endpoint.FailureReason, commit),
    attemptedEndpointConfigName: before?.pendingConfigurationName ?? null,
    pendingEndpointConfigName: now.pendingConfigurationName,
    productionVariants: variants,
    shadowVariants: (endpoint.ShadowProductionVariants ?? []).map((variant) => variantPayload(variant, read)),
    inferenceComponents: components,
    models: [...models.values()].map((one) => modelPayload(one, commit)),
    dataCaptureConfig: endpoint.DataCaptureConfig,
    lastDeploymentConfig: endpoint.LastDeploymentConfig,
    asyncInferenceConfig: endpoint.AsyncInferenceConfig,
    kmsKeyId: config?.KmsKeyId,
    region: now.arn.split(':')[3],
    environment: settings.environment ?? tags['Environment'],
    createdAt: now.createdAt,
    tagsAtCapture: tags,
    modelIdentity: identity,
    captureGaps: gaps,
  }) as JsonObject;
}

/** Weights are relative: a variant's share of the traffic is its weight over the sum. */
function variantPayload(variant: NonNullable<Endpoint['ProductionVariants']>[number], read: ReadEndpoint) {
  const { endpoint, config } = read;
  const all = endpoint.ProductionVariants ?? [];
  const sum = all.reduce((total, { CurrentWeight }) => total + (CurrentWeight ?? 0), 0);
  const configured = [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])].find(
    (one) => one.VariantName === variant.VariantName,
  );
  const isShadow = !all.includes(variant);
  return {
    variantName: variant.VariantName,
    modelName: configured?.ModelName ?? null,
    instanceType: configured?.InstanceType ?? null,
    initialInstanceCount: configured?.InitialInstanceCount ?? null,
    currentInstanceCount: variant.CurrentInstanceCount,
    currentWeight: variant.CurrentWeight,
    desiredWeight: variant.DesiredWeight,
    trafficShare: isShadow || sum === 0 ? null : (variant.CurrentWeight ?? 0) / sum,
    deployedImages: variant.DeployedImages,
    serverless: configured?.ServerlessConfig,
  };
}

/** Multi-model and pipeline models have several containers. Their environments are committed, not shown. */
const modelPayload = (model: Model, commit: Commit) => ({
  modelName: model.ModelName,
  modelArn: model.ModelArn,
  executionRoleArn: model.ExecutionRoleArn,
  enableNetworkIsolation: model.EnableNetworkIsolation,
  vpcConfig: model.VpcConfig && {
    securityGroupIds: model.VpcConfig.SecurityGroupIds,
    subnets: model.VpcConfig.Subnets,
  },
  containers: containersOf(model).map((container) => ({
    image: container.Image,
    mode: container.Mode,
    modelDataUrl: artifact(container),
    modelPackageName: container.ModelPackageName,
    trainingJobName: trainingJobOf(artifact(container)),
    environment: hideSecrets(container.Environment ?? {}, commit, true).values,
  })),
});

/** DEPLOYMENT_ENDED of an endpoint that had been in service. */
export function ended(gone: EndpointSnapshot, observer: Observer): Observation {
  const { integrationId } = observer;
  const ordinal = gone.ordinal + 1;
  return {
    ...observedBy(observer),
    fact: facts.deployment({ ...gone, ordinal, integrationId, configurationName: 'ENDED' }),
    eventType: 'DEPLOYMENT_ENDED',
    source: 'AWS_SAGEMAKER',
    severity: 'INFO',
    timestamp: observer.observedAt,
    payload: {
      endpointName: gone.name,
      endpointArn: gone.arn,
      endpointConfigName: gone.configurationName,
      previousModelName: gone.modelName,
      createdAt: gone.createdAt,
      modelIdentity: gone.modelIdentity && { ...gone.modelIdentity },
    },
  };
}
