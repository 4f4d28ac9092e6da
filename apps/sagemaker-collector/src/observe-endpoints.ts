import type {
  DescribeEndpointCommandOutput as Endpoint,
  DescribeEndpointConfigCommandOutput as EndpointConfig,
  DescribeModelCommandOutput as Model,
  EndpointSummary as ListedEndpoint,
} from '@aws-sdk/client-sagemaker';
import { failureOf } from './adapters/aws-errors';
import { type Component, fingerprints } from './domain/components';
import { type EndpointSnapshot, keyOf } from './domain/cursor';
import type { Detected } from './domain/detected';
import {
  changedEndpoints,
  detectEnded,
  detectEndpoint,
  type EndpointSummary,
  goneEndpoints,
  unwatched,
  usesComponents,
} from './domain/endpoints';
import { nameMatches, tagsMatch } from './domain/filters';
import type { CaptureGap } from './domain/payload';
import { minus, OVERLAP_MS } from './domain/time';
import type { Pass } from './pass';
import { orNull, tagsOf } from './read-tags';

/**
 * Endpoints have no end: the whole list is compared with the last snapshots, and what changed is described. What is gone comes first: one
 * that was made again under its name is another one.
 */
export async function observeEndpoints(pass: Pass, listed: ListedEndpoint[]): Promise<void> {
  const { cursor, integration } = pass;
  const all = listed.map(toSummary);
  for (const gone of goneEndpoints(cursor, all)) pass.detected.push(await confirmGone(pass, gone));
  const isNamed = ({ name }: EndpointSummary): boolean => nameMatches(integration.settings, name);
  for (const left of all.filter((summary) => !isNamed(summary))) {
    const before = cursor.endpoints.get(keyOf(left));
    if (before?.watched) pass.detected.push(unwatched(left, before));
  }
  const wanted = all.filter(isNamed).reverse();
  const componentsSeen = await listComponents(pass);
  // Other filters may keep out what stands, or let it in: its tags are read again.
  const changed = pass.entering ? wanted : changedEndpoints(cursor, wanted, componentsSeen);
  for (const summary of changed) pass.detected.push(await describeEndpoint(pass, summary));
}

const toSummary = (endpoint: ListedEndpoint): EndpointSummary => ({
  arn: endpoint.EndpointArn as string,
  name: endpoint.EndpointName as string,
  createdAt: (endpoint.CreationTime as Date).toISOString(),
  status: endpoint.EndpointStatus as string,
  lastModifiedAt: (endpoint.LastModifiedTime as Date).toISOString(),
});

/** One call for the whole account, and only where a known endpoint lives on inference components; null: not asked, or not allowed. */
async function listComponents(pass: Pass): Promise<Map<string, string> | null> {
  if (![...pass.cursor.endpoints.values()].some(usesComponents)) return null;
  try {
    return fingerprints(await pass.aws.listInferenceComponents());
  } catch (error) {
    if (failureOf(error) === 'DENIED') return null;
    throw error;
  }
}

async function describeEndpoint(pass: Pass, summary: EndpointSummary): Promise<Detected> {
  const { aws, cursor, observer, integration } = pass;
  const before = cursor.endpoints.get(keyOf(summary)) ?? null;
  const endpoint = await orNull(() => aws.describeEndpoint(summary.name));
  if (!endpoint || endpoint.CreationTime?.toISOString() !== summary.createdAt) return { observations: [], changes: [] };
  const gaps: CaptureGap[] = [];
  const tags = await tagsOf(pass, summary.arn, gaps);
  if (!tagsMatch(integration.settings, tags)) return unwatched(summary, before);
  const config = await configOf(pass, endpoint, gaps);
  const components = await componentsOf(pass, summary, config, gaps);
  const names = [...(config?.ProductionVariants ?? []), ...(config?.ShadowProductionVariants ?? [])].flatMap(
    ({ ModelName }) => ModelName ?? [],
  );
  const served = components?.all.flatMap(({ modelName }) => modelName ?? []) ?? [];
  const models = await modelsOf(pass, [...new Set([...names, ...served])], gaps);
  const seen = components?.seen ?? null;
  const read = { endpoint, config, models, components: components?.all ?? null, componentsSeen: seen, tags, gaps };
  // What was created since the mark cannot have stood before.
  const stood = cursor.markedAt === null || summary.createdAt <= cursor.markedAt;
  return detectEndpoint(before, read, observer, pass.entering && stood);
}

/** A configuration may be deleted while its endpoint lives: the event is recorded all the same. */
async function configOf(pass: Pass, endpoint: Endpoint, gaps: CaptureGap[]): Promise<EndpointConfig | null> {
  const name = endpoint.EndpointConfigName;
  if (!name) return null;
  return described(
    () => pass.aws.describeEndpointConfig(name),
    { field: 'endpointConfig', gone: 'ENDPOINT_CONFIG_DELETED', permission: 'sagemaker:DescribeEndpointConfig' },
    gaps,
  );
}

/** Of very many models, the first: an event holds 256 KiB. */
const MODELS_MAX = 20;

async function modelsOf(pass: Pass, names: string[], gaps: CaptureGap[]): Promise<Map<string, Model>> {
  const models = new Map<string, Model>();
  for (const name of names.slice(0, MODELS_MAX)) {
    const gap = { field: 'model', gone: 'MODEL_DELETED', permission: 'sagemaker:DescribeModel' };
    const model = await described(() => pass.aws.describeModel(name), gap, gaps);
    if (model) models.set(name, model);
  }
  if (names.length > MODELS_MAX) gaps.push({ field: 'models', reason: 'TOO_LARGE', permission: null });
  return models;
}

/** Null: every variant names its model. Otherwise the components say which models they serve. */
async function componentsOf(
  pass: Pass,
  summary: EndpointSummary,
  config: EndpointConfig | null,
  gaps: CaptureGap[],
): Promise<{ all: Component[]; seen: string | null } | null> {
  const variants = config?.ProductionVariants ?? [];
  if (variants.length === 0 || variants.every(({ ModelName }) => ModelName)) return null;
  const missing = (action: string) => ({
    field: 'inferenceComponents',
    gone: 'INFERENCE_COMPONENT_DELETED',
    permission: `sagemaker:${action}`,
  });
  const list = () => pass.aws.listInferenceComponents(summary.name);
  const listed = await described(list, missing('ListInferenceComponents'), gaps);
  if (!listed) return { all: [], seen: null };
  const all: Component[] = [];
  for (const { name } of listed) {
    const describe = () => pass.aws.describeInferenceComponent(name);
    const component = await described(describe, missing('DescribeInferenceComponent'), gaps);
    if (component) all.push(component);
  }
  return { all, seen: fingerprints(listed).get(summary.arn) ?? '' };
}

async function described<T>(
  describe: () => Promise<T>,
  o: { field: string; gone: string; permission: string },
  gaps: CaptureGap[],
): Promise<T | null> {
  const add = (gap: CaptureGap): void => {
    if (!gaps.some(({ field, reason }) => field === gap.field && reason === gap.reason)) gaps.push(gap);
  };
  try {
    return await describe();
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'NOT_FOUND') add({ field: o.field, reason: o.gone, permission: null });
    else if (failure === 'DENIED') add({ field: o.field, reason: 'ACCESS_DENIED', permission: o.permission });
    else throw error;
    return null;
  }
}

async function confirmGone(pass: Pass, gone: EndpointSnapshot): Promise<Detected> {
  const silently: Detected = { observations: [], changes: [{ kind: 'endpoint-gone', key: keyOf(gone) }] };
  // What leaves the filters leaves the register without an event (DESIGN §5).
  if (!gone.watched || !nameMatches(pass.integration.settings, gone.name)) return silently;
  const endpoint = await orNull(() => pass.aws.describeEndpoint(gone.name));
  // Replicas that are behind may not know a young one; one that was seen going is gone.
  const isYoung = gone.createdAt > minus(pass.to, OVERLAP_MS) && gone.status !== 'Deleting';
  if (endpoint === null && isYoung) return { observations: [], changes: [] };
  const stands = endpoint?.CreationTime?.toISOString() === gone.createdAt;
  return stands ? { observations: [], changes: [] } : detectEnded(gone, pass.observer);
}
