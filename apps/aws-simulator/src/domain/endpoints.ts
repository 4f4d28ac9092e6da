import type { Region } from './account';
import type { Item } from './collection';
import { command } from './command';
import type { JsonObject } from './json';
import { Refused } from './refused';
import {
  integerBetween,
  list,
  numberBetween,
  object,
  optional,
  record,
  resourceName,
  shape,
  tagMap,
  text,
} from './shape';
import { retag } from './tags';

export interface VariantConfig {
  name: string;
  /** Null with inference components. */
  modelName: string | null;
  instanceType: string | null;
  instanceCount: number | null;
  weight: number;
  spec: JsonObject;
}

/** Immutable, as in AWS; it may be deleted while an endpoint lives on it. */
export interface EndpointConfig extends Item {
  arn: string;
  variants: VariantConfig[];
  shadowVariants: VariantConfig[];
  spec: JsonObject;
}

export interface Variant {
  name: string;
  weight: number;
  desiredWeight: number;
  /** Null for serverless variants. */
  count: number | null;
  desiredCount: number | null;
  image: string | null;
}

export interface Deployed {
  configName: string;
  variants: Variant[];
  shadowVariants: Variant[];
}

/** What an endpoint is doing; `settleEndpoint` ends it. The old configuration stays in force until then. */
export interface Pending extends Deployed {
  startedAt: number;
}

export interface Endpoint extends Item, Deployed {
  arn: string;
  modifiedAt: number;
  status: string;
  pending: Pending | null;
  failureReason: string | null;
  spec: JsonObject;
}

const BUSY = ['Creating', 'Updating', 'RollingBack', 'SystemUpdating', 'Deleting'];

function endpointNamed(region: Region, name: string): Endpoint {
  return region.endpoints.require(name);
}

function idle(region: Region, name: string): Endpoint {
  const endpoint = endpointNamed(region, name);
  if (!BUSY.includes(endpoint.status)) return endpoint;
  throw new Refused('CONFLICT', `endpoint ${name} is ${endpoint.status}; settle it first.`);
}

/** The images are resolved when it is deployed, so the digest stays when the model is deleted. */
function deploy(region: Region, configName: string): Deployed {
  const config = region.endpointConfigs.require(configName);
  const start = (variant: VariantConfig): Variant => ({
    name: variant.name,
    weight: variant.weight,
    desiredWeight: variant.weight,
    count: variant.instanceCount,
    desiredCount: variant.instanceCount,
    image: variant.modelName === null ? null : imageOf(region, variant.modelName),
  });
  return { configName, variants: config.variants.map(start), shadowVariants: config.shadowVariants.map(start) };
}

function imageOf(region: Region, modelName: string): string | null {
  const spec = region.models.get(modelName)?.spec;
  const container = (spec?.['PrimaryContainer'] ?? (spec?.['Containers'] as JsonObject[] | undefined)?.[0]) as
    JsonObject | undefined;
  return typeof container?.['Image'] === 'string' ? container['Image'] : null;
}

function move(endpoint: Endpoint, at: number, status: string): void {
  endpoint.status = status;
  endpoint.modifiedAt = Math.max(endpoint.modifiedAt, at);
}

/** Ends what the endpoint is doing, with success. */
function settle(region: Region, endpoint: Endpoint, at: number): void {
  if (!BUSY.includes(endpoint.status))
    throw new Refused('CONFLICT', `endpoint ${endpoint.name} is ${endpoint.status}: nothing to settle.`);
  if (endpoint.status === 'Deleting') {
    region.tags.delete(region.endpoints.remove(endpoint.name).arn);
    return;
  }
  const { pending } = endpoint;
  if (endpoint.status === 'Updating' && pending) {
    const { configName, variants, shadowVariants } = pending;
    Object.assign(endpoint, { configName, variants, shadowVariants });
  }
  endpoint.pending = null;
  for (const variant of [...endpoint.variants, ...endpoint.shadowVariants]) {
    variant.weight = variant.desiredWeight;
    variant.count = variant.desiredCount;
  }
  move(endpoint, at, 'InService');
}

function variantOf(endpoint: Endpoint, name: string): Variant {
  const variant = endpoint.variants.find((one) => one.name === name);
  if (!variant) throw new Refused('NOT_FOUND', `endpoint ${endpoint.name} has no variant ${name}.`);
  return variant;
}

const variantShape = shape({
  name: optional(resourceName),
  modelName: optional(resourceName),
  instanceType: optional(text),
  instanceCount: optional(integerBetween(0, 1000)),
  weight: optional(numberBetween(0, 1_000_000)),
  spec: optional(object),
});

const toVariantConfig = (given: ReturnType<typeof variantShape>): VariantConfig => ({
  name: given.name ?? 'AllTraffic',
  modelName: given.modelName ?? null,
  instanceType: given.spec?.['ServerlessConfig'] ? null : (given.instanceType ?? 'ml.m5.large'),
  instanceCount: given.spec?.['ServerlessConfig'] ? null : (given.instanceCount ?? 1),
  weight: given.weight ?? 1,
  spec: given.spec ?? {},
});

export const endpointCommands = {
  createEndpointConfig: command(
    {
      name: resourceName,
      variants: list(variantShape),
      shadowVariants: optional(list(variantShape)),
      spec: optional(object),
      tags: optional(tagMap),
    },
    ({ account, region, at }, { name, variants, shadowVariants = [], spec = {}, tags = {} }) => {
      if (variants.length === 0) throw new Refused('INVALID', 'command.variants needs at least one.');
      const arn = region.arn('endpoint-config', name);
      region.endpointConfigs.add({
        name,
        arn,
        createdAt: at,
        ordinal: account.takeOrdinals(),
        variants: variants.map(toVariantConfig),
        shadowVariants: shadowVariants.map(toVariantConfig),
        spec,
      });
      retag(region, arn, tags);
    },
  ),
  deleteEndpointConfig: command({ name: resourceName }, ({ region }, { name }) => {
    region.tags.delete(region.endpointConfigs.remove(name).arn);
  }),
  createEndpoint: command(
    { name: resourceName, configName: resourceName, spec: optional(object), tags: optional(tagMap) },
    ({ account, region, at }, { name, configName, spec = {}, tags = {} }) => {
      const arn = region.arn('endpoint', name);
      const ordinal = account.takeOrdinals();
      const state = { modifiedAt: at, status: 'Creating', pending: null, failureReason: null, spec };
      region.endpoints.add({ name, arn, createdAt: at, ordinal, ...deploy(region, configName), ...state });
      retag(region, arn, tags);
    },
  ),
  updateEndpoint: command({ name: resourceName, configName: resourceName }, ({ region, at }, { name, configName }) => {
    const endpoint = idle(region, name);
    endpoint.pending = { ...deploy(region, configName), startedAt: at };
    endpoint.failureReason = null;
    move(endpoint, at, 'Updating');
  }),
  /** UpdateEndpointWeightsAndCapacities, by a user or by autoscaling. */
  scaleEndpoint: command(
    {
      name: resourceName,
      weights: optional(record(numberBetween(0, 1_000_000))),
      counts: optional(record(integerBetween(0, 1000))),
    },
    ({ region, at }, { name, weights = {}, counts = {} }) => {
      const endpoint = idle(region, name);
      for (const variantName of Object.keys({ ...weights, ...counts })) variantOf(endpoint, variantName);
      for (const [variantName, weight] of Object.entries(weights))
        variantOf(endpoint, variantName).desiredWeight = weight;
      for (const [variantName, count] of Object.entries(counts)) variantOf(endpoint, variantName).desiredCount = count;
      move(endpoint, at, 'Updating');
    },
  ),
  systemUpdateEndpoint: command({ name: resourceName }, ({ region, at }, { name }) =>
    move(idle(region, name), at, 'SystemUpdating'),
  ),
  /** An update that goes wrong: the old configuration stays. `settleEndpoint` brings it back InService. */
  rollBackEndpoint: command({ name: resourceName, reason: optional(text) }, ({ region, at }, { name, reason }) => {
    const endpoint = endpointNamed(region, name);
    if (endpoint.status !== 'Updating')
      throw new Refused('CONFLICT', `endpoint ${name} is ${endpoint.status}, not Updating.`);
    for (const variant of endpoint.variants) {
      variant.desiredWeight = variant.weight;
      variant.desiredCount = variant.count;
    }
    endpoint.failureReason = reason ?? null;
    move(endpoint, at, 'RollingBack');
  }),
  settleEndpoint: command({ name: resourceName }, ({ region, at }, { name }) =>
    settle(region, endpointNamed(region, name), at),
  ),
  /** Any other status, Failed and UpdateRollbackFailed among them, and statuses that AWS has yet to invent. */
  failEndpoint: command(
    { name: resourceName, status: optional(text), reason: text },
    ({ region, at }, { name, status = 'Failed', reason }) => {
      const endpoint = endpointNamed(region, name);
      endpoint.failureReason = reason.slice(0, 1024);
      endpoint.pending = null;
      move(endpoint, at, status);
    },
  ),
  /** Goes on being listed as Deleting until it is settled. */
  deleteEndpoint: command({ name: resourceName }, ({ region, at }, { name }) =>
    move(endpointNamed(region, name), at, 'Deleting'),
  ),
};
