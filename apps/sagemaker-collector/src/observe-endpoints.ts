import type {
  DescribeEndpointCommandOutput as Endpoint,
  DescribeEndpointConfigCommandOutput as EndpointConfig,
  DescribeModelCommandOutput as Model,
  EndpointSummary as ListedEndpoint,
} from '@aws-sdk/client-sagemaker';
import { failureOf } from './adapters/aws-errors';
import { keyOf } from './domain/cursor';
import type { Detected } from './domain/detected';
import {
  changedEndpoints,
  detectEnded,
  detectEndpoint,
  type EndpointSummary,
  goneEndpoints,
  leadingVariant,
  unwatched,
} from './domain/endpoints';
import { nameMatches, tagsMatch } from './domain/filters';
import type { CaptureGap } from './domain/payload';
import type { Pass } from './pass';
import { orNull, tagsOf } from './read-tags';

/** Endpoints have no end: the whole list is compared with the last snapshots, and what changed is described. */
export async function observeEndpoints(pass: Pass, listed: ListedEndpoint[]): Promise<void> {
  const all = listed.map(toSummary);
  const wanted = all.filter(({ name }) => nameMatches(pass.integration.settings, name)).reverse();
  for (const summary of changedEndpoints(pass.cursor, wanted))
    pass.detected.push(await describeEndpoint(pass, summary));
  for (const gone of goneEndpoints(pass.cursor, all)) pass.detected.push(await confirmGone(pass, gone));
}

const toSummary = (endpoint: ListedEndpoint): EndpointSummary => ({
  arn: endpoint.EndpointArn as string,
  name: endpoint.EndpointName as string,
  createdAt: (endpoint.CreationTime as Date).toISOString(),
  status: endpoint.EndpointStatus as string,
  lastModifiedAt: (endpoint.LastModifiedTime as Date).toISOString(),
});

async function describeEndpoint(pass: Pass, summary: EndpointSummary): Promise<Detected> {
  const { aws, cursor, observer, integration } = pass;
  const endpoint = await orNull(() => aws.describeEndpoint(summary.name));
  if (!endpoint || endpoint.CreationTime?.toISOString() !== summary.createdAt) return { observations: [], changes: [] };
  const gaps: CaptureGap[] = [];
  const tags = await tagsOf(pass, summary.arn, gaps);
  if (!tagsMatch(integration.settings, tags)) return unwatched(summary);
  const config = await configOf(pass, endpoint, gaps);
  const model = await modelOf(pass, leadingVariant(endpoint, config)?.ModelName, gaps);
  const before = cursor.endpoints.get(keyOf(summary)) ?? null;
  return detectEndpoint(before, { endpoint, config, model, tags, gaps }, observer, pass.entering);
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

async function modelOf(pass: Pass, name: string | undefined, gaps: CaptureGap[]): Promise<Model | null> {
  if (!name) return null;
  return described(
    () => pass.aws.describeModel(name),
    { field: 'model', gone: 'MODEL_DELETED', permission: 'sagemaker:DescribeModel' },
    gaps,
  );
}

async function described<T>(
  describe: () => Promise<T>,
  o: { field: string; gone: string; permission: string },
  gaps: CaptureGap[],
): Promise<T | null> {
  try {
    return await describe();
  } catch (error) {
    const failure = failureOf(error);
    if (failure === 'NOT_FOUND') gaps.push({ field: o.field, reason: o.gone, permission: null });
    else if (failure === 'DENIED') gaps.push({ field: o.field, reason: 'ACCESS_DENIED', permission: o.permission });
    else throw error;
    return null;
  }
}

async function confirmGone(pass: Pass, gone: Parameters<typeof detectEnded>[0]): Promise<Detected> {
  const endpoint = await orNull(() => pass.aws.describeEndpoint(gone.name));
  const stands = endpoint?.CreationTime?.toISOString() === gone.createdAt;
  if (stands) return { observations: [], changes: [] };
  // What leaves the filters leaves the register without an event (DESIGN §5).
  const watched = gone.watched && nameMatches(pass.integration.settings, gone.name);
  return watched
    ? detectEnded(gone, pass.observer)
    : { observations: [], changes: [{ kind: 'endpoint-gone', key: keyOf(gone) }] };
}
