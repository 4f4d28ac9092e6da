import { facts, type JsonObject, type ModelIdentity, type Observation } from '@audital/contracts';
import type {
  DescribeEndpointCommandOutput as Endpoint,
  DescribeEndpointConfigCommandOutput as EndpointConfig,
  DescribeModelCommandOutput as Model,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { type Change, type Cursor, type EndpointSnapshot, keyOf } from './cursor';
import type { Detected } from './detected';
import { modelIdentity, trainingJobOf } from './model-identity';
import { type CaptureGap, fitPayload, hashable } from './payload';
import { type Observer, observedBy } from './observer';

export interface EndpointSummary {
  arn: string;
  name: string;
  createdAt: string;
  status: string;
  lastModifiedAt: string;
}

/** All that was read of an endpoint; a part that could not be read is null, and a gap says why. */
export interface ReadEndpoint {
  endpoint: Endpoint;
  config: EndpointConfig | null;
  /** Of the leading variant. */
  model: Model | null;
  tags: Record<string, string>;
  gaps: CaptureGap[];
}

/** Endpoints that changed since the last poll: the list shows it in status and modification time. */
export function changedEndpoints(cursor: Cursor, listed: EndpointSummary[]): EndpointSummary[] {
  return listed.filter((summary) => {
    const known = cursor.endpoints.get(keyOf(summary));
    return !known || known.status !== summary.status || known.lastModifiedAt !== summary.lastModifiedAt;
  });
}

/** Known endpoints that the whole, unfiltered list does not show. */
export function goneEndpoints(cursor: Cursor, listed: EndpointSummary[]): EndpointSnapshot[] {
  const keys = new Set(listed.map(keyOf));
  return [...cursor.endpoints.values()].filter((snapshot) => !keys.has(keyOf(snapshot)));
}

type DeploymentKind = 'BASELINE' | 'CREATED' | 'UPDATED' | 'TRAFFIC_SHIFT';

/** An endpoint that the tags keep out: remembered as it stands, and never told of. */
export function unwatched({ arn, name, createdAt, status, lastModifiedAt }: EndpointSummary): Detected {
  const snapshot = {
    arn,
    name,
    createdAt,
    status,
    lastModifiedAt,
    ordinal: 0,
    configurationName: null,
    weights: '',
    modelName: null,
  };
  return keep({ ...snapshot, pendingConfigurationName: null, modelIdentity: null, watched: false });
}

/** The state machine of facts/aws §3.2, on snapshots: what is compared is (configuration, weights), not whether "Updating" was seen. */
export function detectEndpoint(
  before: EndpointSnapshot | null,
  read: ReadEndpoint,
  observer: Observer,
  first: boolean,
): Detected {
  const now = snapshotOf(before, read);
  switch (now.status) {
    case 'InService':
      return inService({ before, now, read, observer }, first);
    case 'Failed':
    case 'UpdateRollbackFailed':
      return before?.status === now.status
        ? keep(now)
        : tell('DEPLOYMENT_FAILED', 'FAILED', { before, now, read, observer });
    default:
      // Creating, Updating, SystemUpdating, RollingBack, Deleting, OutOfService and what AWS invents next: on the way somewhere.
      return keep({
        ...now,
        configurationName: before?.configurationName ?? null,
        weights: before?.weights ?? '',
        modelName: before?.modelName ?? null,
      });
  }
}

function inService(telling: Telling, first: boolean): Detected {
  const { before, now } = telling;
  const told = before?.configurationName ?? null;
  if (told === null) return tell('DEPLOYMENT', first && before === null ? 'BASELINE' : 'CREATED', telling);
  if (now.configurationName !== told) return tell('DEPLOYMENT', 'UPDATED', telling);
  const aimed = before?.pendingConfigurationName ?? null;
  if (aimed !== null && aimed !== told) return tell('DEPLOYMENT_FAILED', 'ROLLED_BACK', telling);
  if (now.weights !== before?.weights) return tell('DEPLOYMENT', 'TRAFFIC_SHIFT', telling);
  return keep(now);
}

function snapshotOf(before: EndpointSnapshot | null, { endpoint, config }: ReadEndpoint): EndpointSnapshot {
  const inService = endpoint.EndpointStatus === 'InService';
  return {
    arn: endpoint.EndpointArn as string,
    name: endpoint.EndpointName as string,
    createdAt: (endpoint.CreationTime as Date).toISOString(),
    ordinal: before?.ordinal ?? 0,
    status: endpoint.EndpointStatus as string,
    lastModifiedAt: (endpoint.LastModifiedTime as Date).toISOString(),
    configurationName: endpoint.EndpointConfigName ?? null,
    weights: weightsOf(endpoint),
    modelName: leadingVariant(endpoint, config)?.ModelName ?? null,
    pendingConfigurationName: inService
      ? null
      : (endpoint.PendingDeploymentSummary?.EndpointConfigName ?? before?.pendingConfigurationName ?? null),
    modelIdentity: before?.modelIdentity ?? null,
    watched: true,
  };
}

/** `variant=weight`, by name. */
function weightsOf(endpoint: Endpoint): string {
  const variants = endpoint.ProductionVariants ?? [];
  return variants
    .map((variant) => `${variant.VariantName}=${variant.DesiredWeight ?? variant.CurrentWeight ?? 1}`)
    .sort()
    .join(',');
}

/** The production variant with the largest weight, then by name (DESIGN §2). */
export function leadingVariant(endpoint: Endpoint, config: EndpointConfig | null): ProductionVariant | null {
  const weight = (name: string | undefined, initial: number | undefined): number =>
    endpoint.ProductionVariants?.find((variant) => variant.VariantName === name)?.CurrentWeight ?? initial ?? 1;
  const variants = [...(config?.ProductionVariants ?? [])];
  variants.sort((a, b) => {
    const difference = weight(b.VariantName, b.InitialVariantWeight) - weight(a.VariantName, a.InitialVariantWeight);
    return difference || ((a.VariantName ?? '') < (b.VariantName ?? '') ? -1 : 1);
  });
  return variants[0] ?? null;
}

const keep = (snapshot: EndpointSnapshot): Detected => ({
  observations: [],
  changes: [{ kind: 'endpoint', snapshot }],
});

interface Telling {
  before: EndpointSnapshot | null;
  now: EndpointSnapshot;
  read: ReadEndpoint;
  observer: Observer;
}

function tell(
  eventType: 'DEPLOYMENT' | 'DEPLOYMENT_FAILED',
  kind: DeploymentKind | 'FAILED' | 'ROLLED_BACK',
  telling: Telling,
): Detected {
  const { before, now, observer } = telling;
  const ordinal = now.ordinal + 1;
  const failed = eventType === 'DEPLOYMENT_FAILED';
  // A failed deployment leaves in service what was: the next comparison is with that.
  const stands =
    kind === 'FAILED'
      ? {
          configurationName: before?.configurationName ?? null,
          weights: before?.weights ?? '',
          modelName: before?.modelName ?? null,
        }
      : {};
  const identity = identityOf(telling);
  const snapshot: EndpointSnapshot = {
    ...now,
    ...stands,
    ordinal,
    pendingConfigurationName: null,
    modelIdentity: identity,
  };
  const observation: Observation = {
    ...observedBy(observer),
    fact: facts.deployment({
      ...now,
      ordinal,
      integrationId: observer.integrationId,
      configurationName: now.configurationName ?? '',
    }),
    eventType,
    source: 'AWS_SAGEMAKER',
    severity: failed ? 'HIGH' : 'INFO',
    timestamp: kind === 'BASELINE' ? now.createdAt : now.lastModifiedAt,
    captureMode: kind === 'BASELINE' ? 'BACKFILL' : 'POLL',
    payload: fitPayload(deploymentPayload(kind, telling, identity)),
  };
  return { observations: [observation], changes: [{ kind: 'endpoint', snapshot }] };
}

function identityOf({ read, observer }: Telling): ModelIdentity | null {
  const modelName = leadingVariant(read.endpoint, read.config)?.ModelName ?? null;
  return modelIdentity({
    tag: observer.settings.modelIdentity.tag,
    tags: read.tags,
    trainingJobName: trainingJobOf(artifactOf(read.model)),
    modelName,
  });
}

function artifactOf(model: Model | null): string | null {
  const container = model?.PrimaryContainer ?? model?.Containers?.[0];
  return container?.ModelDataUrl ?? container?.ModelDataSource?.S3DataSource?.S3Uri ?? null;
}

function deploymentPayload(
  kind: string,
  { before, now, read, observer }: Telling,
  identity: ModelIdentity | null,
): JsonObject {
  const { endpoint, config, model, tags, gaps } = read;
  const leading = leadingVariant(endpoint, config);
  const container = model?.PrimaryContainer ?? model?.Containers?.[0];
  const artifact = artifactOf(model);
  const { settings } = observer;
  return hashable({
    kind,
    endpointName: now.name,
    endpointArn: now.arn,
    endpointStatus: now.status,
    endpointConfigName: now.configurationName,
    previousEndpointConfigName: before?.configurationName,
    modelName: leading?.ModelName,
    previousModelName: before?.modelName,
    trainingJobName: trainingJobOf(artifact),
    modelDataUrl: artifact,
    image: container?.Image,
    instanceType: leading?.InstanceType,
    initialInstanceCount: leading?.InitialInstanceCount,
    failureReason: endpoint.FailureReason,
    attemptedEndpointConfigName: before?.pendingConfigurationName,
    productionVariants: (endpoint.ProductionVariants ?? []).map((variant) => variantPayload(variant, config)),
    shadowVariants: (endpoint.ShadowProductionVariants ?? []).map((variant) => variantPayload(variant, config)),
    region: now.arn.split(':')[3],
    environment: settings.environment ?? tags['Environment'],
    createdAt: now.createdAt,
    tagsAtCapture: tags,
    modelIdentity: identity,
    captureGaps: gaps,
  }) as JsonObject;
}

function variantPayload(
  variant: NonNullable<Endpoint['ProductionVariants']>[number],
  config: EndpointConfig | null,
): Record<string, unknown> {
  const configured = [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])].find(
    (one) => one.VariantName === variant.VariantName,
  );
  return {
    variantName: variant.VariantName,
    modelName: configured?.ModelName,
    instanceType: configured?.InstanceType,
    initialInstanceCount: configured?.InitialInstanceCount,
    currentInstanceCount: variant.CurrentInstanceCount,
    currentWeight: variant.CurrentWeight,
    desiredWeight: variant.DesiredWeight,
    deployedImages: variant.DeployedImages,
    serverless: configured?.ServerlessConfig,
  };
}

/** Confirmed gone by a Describe that answered "not found" (DESIGN §5). One that never was in service ends without an event. */
export function detectEnded(gone: EndpointSnapshot, observer: Observer): Detected {
  const change: Change = { kind: 'endpoint-gone', key: keyOf(gone) };
  if (gone.configurationName === null) return { observations: [], changes: [change] };
  const ordinal = gone.ordinal + 1;
  const observation: Observation = {
    ...observedBy(observer),
    fact: facts.deployment({ ...gone, ordinal, integrationId: observer.integrationId, configurationName: 'ENDED' }),
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
  return { observations: [observation], changes: [change] };
}
