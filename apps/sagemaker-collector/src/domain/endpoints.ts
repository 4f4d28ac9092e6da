import type {
  DescribeEndpointCommandOutput as Endpoint,
  DescribeEndpointConfigCommandOutput as EndpointConfig,
  DescribeModelCommandOutput as Model,
  ProductionVariant,
} from '@aws-sdk/client-sagemaker';
import { type Cursor, type EndpointSnapshot, keyOf } from './cursor';
import { type Component, leadingComponent, mappingOf } from './components';
import { type DeploymentKind, ended, told } from './deployment';
import type { Detected } from './detected';
import type { Observer } from './observer';
import type { CaptureGap } from './payload';

export interface EndpointSummary {
  arn: string;
  name: string;
  createdAt: string;
  status: string;
  lastModifiedAt: string;
}

/** All that was read of an endpoint; a part that could not be read is null or missing, and a gap says why. */
export interface ReadEndpoint {
  endpoint: Endpoint;
  config: EndpointConfig | null;
  /** Of every variant, by name. */
  models: Map<string, Model>;
  /** Inference components; null: the variants name their models themselves. */
  components: Component[] | null;
  /** What the list of components looked like. */
  componentsSeen: string | null;
  tags: Record<string, string>;
  gaps: CaptureGap[];
}

/** Endpoints that changed since the last poll: the list shows it in status and modification time, or its components' list does. */
export function changedEndpoints(
  cursor: Cursor,
  listed: EndpointSummary[],
  componentsSeen: ReadonlyMap<string, string> | null = null,
): EndpointSummary[] {
  return listed.filter((summary) => {
    const known = cursor.endpoints.get(keyOf(summary));
    if (!known || known.status !== summary.status || known.lastModifiedAt !== summary.lastModifiedAt) return true;
    return (
      componentsSeen !== null &&
      usesComponents(known) &&
      known.componentsSeen !== (componentsSeen.get(summary.arn) ?? '')
    );
  });
}

export const usesComponents = ({ watched, componentsSeen }: EndpointSnapshot): boolean =>
  watched && (componentsSeen ?? null) !== null;

/** Known endpoints that the whole, unfiltered list does not show. */
export function goneEndpoints(cursor: Cursor, listed: EndpointSummary[]): EndpointSnapshot[] {
  const keys = new Set(listed.map(keyOf));
  return [...cursor.endpoints.values()].filter((snapshot) => !keys.has(keyOf(snapshot)));
}

const NOTHING_TOLD = { configurationName: null, weights: '', modelName: null, components: null, modelIdentity: null };

/**
 * An endpoint that the filters keep out: remembered as it stands, and never told of. Its ordinal stays, so that what is told when it comes
 * in again is another fact.
 */
export function unwatched(summary: EndpointSummary, before: EndpointSnapshot | null): Detected {
  const { arn, name, createdAt, status, lastModifiedAt } = summary;
  const seen = { arn, name, createdAt, status, lastModifiedAt, ordinal: before?.ordinal ?? 0 };
  return keep({ ...seen, ...NOTHING_TOLD, pendingConfigurationName: null, componentsSeen: null, watched: false });
}

/** In these the configuration that Describe names serves traffic, whatever is on its way. */
const IN_FORCE = new Set(['InService', 'Updating', 'SystemUpdating', 'RollingBack', 'UpdateRollbackFailed']);

/**
 * The state machine of facts/aws §3.2, on snapshots: what is compared is (configuration, weights, components' models), not whether
 * "Updating" was seen. `entering`: it stood before we looked, or before these filters did.
 */
export function detectEndpoint(
  before: EndpointSnapshot | null,
  read: ReadEndpoint,
  observer: Observer,
  entering: boolean,
): Detected {
  const now = snapshotOf(before, read);
  const comesIn = before === null ? entering : !before.watched && (entering || IN_FORCE.has(before.status));
  const telling = { before, now, read, observer };
  const isNew = (before?.configurationName ?? null) === null;
  if (now.status === 'Failed' || (now.status === 'UpdateRollbackFailed' && !(isNew && comesIn))) {
    const isOld = comesIn || before?.status === now.status;
    return isOld ? keep(carried(telling)) : tell('DEPLOYMENT_FAILED', 'FAILED', telling);
  }
  // Creating, Deleting, OutOfService and what AWS invents next: on the way somewhere.
  if (!IN_FORCE.has(now.status)) return keep(carried(telling));
  if (isNew) return tell('DEPLOYMENT', comesIn ? 'BASELINE' : 'CREATED', telling);
  return now.status === 'InService' ? inService(telling) : keep(carried(telling));
}

export interface Telling {
  before: EndpointSnapshot | null;
  now: EndpointSnapshot;
  read: ReadEndpoint;
  observer: Observer;
}

function inService(telling: Telling): Detected {
  const { now } = telling;
  const before = telling.before as EndpointSnapshot;
  if (now.configurationName !== before.configurationName) return tell('DEPLOYMENT', 'UPDATED', telling);
  const aimed = before.pendingConfigurationName;
  if (aimed !== null && aimed !== before.configurationName) return tell('DEPLOYMENT_FAILED', 'ROLLED_BACK', telling);
  if (now.weights !== before.weights) return tell('DEPLOYMENT', 'TRAFFIC_SHIFT', telling);
  // Components come and go under one configuration: another model behind a variant is an update too.
  if ((now.components ?? null) !== (before.components ?? null)) return tell('DEPLOYMENT', 'UPDATED', telling);
  return keep({ ...now, modelIdentity: before.modelIdentity });
}

/** What is told stays as it was: the next comparison is with the last deployment that served traffic. */
function carried({ before, now }: Telling): EndpointSnapshot {
  const { configurationName, weights, modelName, components, modelIdentity } = before ?? NOTHING_TOLD;
  return { ...now, configurationName, weights, modelName, components: components ?? null, modelIdentity };
}

function snapshotOf(before: EndpointSnapshot | null, read: ReadEndpoint): EndpointSnapshot {
  const { endpoint } = read;
  const inService = endpoint.EndpointStatus === 'InService';
  const pending = endpoint.PendingDeploymentSummary?.EndpointConfigName ?? before?.pendingConfigurationName ?? null;
  return {
    arn: endpoint.EndpointArn as string,
    name: endpoint.EndpointName as string,
    createdAt: (endpoint.CreationTime as Date).toISOString(),
    ordinal: before?.ordinal ?? 0,
    status: endpoint.EndpointStatus as string,
    lastModifiedAt: (endpoint.LastModifiedTime as Date).toISOString(),
    configurationName: endpoint.EndpointConfigName ?? null,
    weights: weightsOf(endpoint),
    modelName: modelNameOf(before, read),
    components: read.components && mappingOf(read.components),
    componentsSeen: read.componentsSeen,
    pendingConfigurationName: inService ? null : pending,
    modelIdentity: null,
    watched: true,
  };
}

/** A configuration that was deleted under its living endpoint is remembered: it cannot have changed. */
function modelNameOf(before: EndpointSnapshot | null, { endpoint, config, components }: ReadEndpoint): string | null {
  const named = leadingVariant(endpoint, config)?.ModelName ?? leadingComponent(components)?.modelName ?? null;
  const isSame = config === null && before !== null && before.configurationName === endpoint.EndpointConfigName;
  return named ?? (isSame ? before.modelName : null);
}

/** `variant=weight`, by name: the weights in force, not those on their way. */
function weightsOf(endpoint: Endpoint): string {
  const variants = endpoint.ProductionVariants ?? [];
  return variants
    .map((variant) => `${variant.VariantName}=${variant.CurrentWeight ?? variant.DesiredWeight ?? 1}`)
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

function tell(
  eventType: 'DEPLOYMENT' | 'DEPLOYMENT_FAILED',
  kind: DeploymentKind | 'FAILED' | 'ROLLED_BACK',
  telling: Telling,
): Detected {
  const { observation, identity } = told(eventType, kind, telling);
  // A failed deployment leaves in service what was: the next comparison is with that.
  const stands = kind === 'FAILED' ? carried(telling) : telling.now;
  const isOver = stands.status === 'InService' || kind === 'FAILED';
  const snapshot: EndpointSnapshot = {
    ...stands,
    ordinal: telling.now.ordinal + 1,
    pendingConfigurationName: isOver ? null : stands.pendingConfigurationName,
    modelIdentity: identity,
  };
  return { observations: [observation], changes: [{ kind: 'endpoint', snapshot }] };
}

/** Confirmed gone by a Describe that answered "not found" (DESIGN §5). One that never was in service ends without an event. */
export function detectEnded(gone: EndpointSnapshot, observer: Observer): Detected {
  const observations = gone.configurationName === null ? [] : [ended(gone, observer)];
  return { observations, changes: [{ kind: 'endpoint-gone', key: keyOf(gone) }] };
}
