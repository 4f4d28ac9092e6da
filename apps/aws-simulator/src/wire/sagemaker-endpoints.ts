import type { Endpoint, Variant, VariantConfig } from '../domain/endpoints';
import { type Json, present, seconds } from '../domain/json';
import type { Model } from '../domain/models';
import { validationError } from '../domain/refused';
import { requiredText } from './input';
import { allOf, listOperation, modifiedFilter, nameFilter, statusFilter } from './listing';
import type { Operation } from './operation';
import { isDescribed } from './replicas';
import { nameOf, statusOf } from './sagemaker-jobs';

const ENDPOINT_STATUSES = [
  'OutOfService',
  'Creating',
  'Updating',
  'SystemUpdating',
  'RollingBack',
  'InService',
  'Deleting',
  'Failed',
  'UpdateRollbackFailed',
] as const;

const listEndpoints = listOperation<Endpoint>({
  name: 'ListEndpoints',
  output: 'Endpoints',
  collection: ({ region }) => region.endpoints,
  sorts: { Name: nameOf, Status: statusOf },
  defaultOrder: 'Descending',
  afterIsInclusive: true,
  filters: (call) => allOf<Endpoint>(modifiedFilter(call), nameFilter(call), statusFilter(call, ENDPOINT_STATUSES)),
  summary: (endpoint) => ({
    EndpointName: endpoint.name,
    EndpointArn: endpoint.arn,
    CreationTime: seconds(endpoint.createdAt),
    LastModifiedTime: seconds(endpoint.modifiedAt),
    EndpointStatus: endpoint.status,
  }),
});

const summaryOf = (variant: Variant, at: number): Json =>
  present({
    VariantName: variant.name,
    DeployedImages:
      variant.image === null
        ? null
        : [{ SpecifiedImage: variant.image, ResolvedImage: resolved(variant.image), ResolutionTime: seconds(at) }],
    CurrentWeight: variant.weight,
    DesiredWeight: variant.desiredWeight,
    CurrentInstanceCount: variant.count,
    DesiredInstanceCount: variant.desiredCount,
  });

/** A digest that depends on the image alone: 64 hexadecimal digits of its name, repeated. */
function resolved(image: string): string {
  const hex = Buffer.from(image).toString('hex');
  return `${image.replace(/:[^/:]*$/, '')}@sha256:${hex.repeat(Math.ceil(64 / hex.length)).slice(0, 64)}`;
}

const describeEndpoint: Operation = {
  action: 'sagemaker:DescribeEndpoint',
  resource: ({ region, input }) => region.arn('endpoint', requiredText(input, 'EndpointName')),
  run: (call) => {
    const { region, input } = call;
    const name = requiredText(input, 'EndpointName');
    const endpoint = region.endpoints.get(name);
    if (!endpoint || !isDescribed(call, endpoint))
      throw validationError(`Could not find endpoint "${region.arn('endpoint', name)}".`);
    const { pending } = endpoint;
    const summaries = (variants: Variant[], at: number): Json[] => variants.map((variant) => summaryOf(variant, at));
    const creating = endpoint.status === 'Creating';
    return present({
      EndpointName: endpoint.name,
      EndpointArn: endpoint.arn,
      EndpointConfigName: endpoint.configName,
      ProductionVariants: creating ? null : summaries(endpoint.variants, endpoint.createdAt),
      ShadowProductionVariants:
        endpoint.shadowVariants.length > 0 ? summaries(endpoint.shadowVariants, endpoint.createdAt) : null,
      EndpointStatus: endpoint.status,
      FailureReason: endpoint.failureReason,
      CreationTime: seconds(endpoint.createdAt),
      LastModifiedTime: seconds(endpoint.modifiedAt),
      PendingDeploymentSummary:
        pending === null
          ? null
          : {
              EndpointConfigName: pending.configName,
              ProductionVariants: summaries(pending.variants, pending.startedAt),
              StartTime: seconds(pending.startedAt),
            },
      ...endpoint.spec,
    });
  },
};

const variantOf = (variant: VariantConfig): Json =>
  present({
    VariantName: variant.name,
    ModelName: variant.modelName,
    InitialInstanceCount: variant.instanceCount,
    InstanceType: variant.instanceType,
    InitialVariantWeight: variant.weight,
    ...variant.spec,
  });

const describeEndpointConfig: Operation = {
  action: 'sagemaker:DescribeEndpointConfig',
  resource: ({ region, input }) => region.arn('endpoint-config', requiredText(input, 'EndpointConfigName')),
  run: ({ region, input }) => {
    const name = requiredText(input, 'EndpointConfigName');
    const config = region.endpointConfigs.get(name);
    if (!config) {
      throw validationError(`Could not find endpoint configuration "${region.arn('endpoint-config', name)}".`);
    }
    return present({
      EndpointConfigName: config.name,
      EndpointConfigArn: config.arn,
      ProductionVariants: config.variants.map(variantOf),
      ShadowProductionVariants: config.shadowVariants.length > 0 ? config.shadowVariants.map(variantOf) : null,
      CreationTime: seconds(config.createdAt),
      EnableNetworkIsolation: false,
      ...config.spec,
    });
  },
};

const listModels = listOperation<Model>({
  name: 'ListModels',
  output: 'Models',
  collection: ({ region }) => region.models,
  sorts: { Name: nameOf },
  defaultOrder: 'Descending',
  afterIsInclusive: true,
  filters: (call) => nameFilter(call),
  summary: (model) => ({ ModelName: model.name, ModelArn: model.arn, CreationTime: seconds(model.createdAt) }),
});

const describeModel: Operation = {
  action: 'sagemaker:DescribeModel',
  resource: ({ region, input }) => region.arn('model', requiredText(input, 'ModelName')),
  run: ({ region, input }) => {
    const name = requiredText(input, 'ModelName');
    const model = region.models.get(name);
    if (!model) throw validationError(`Could not find model "${region.arn('model', name)}".`);
    return { ModelName: model.name, ModelArn: model.arn, CreationTime: seconds(model.createdAt), ...model.spec };
  },
};

export const endpointOperations: Record<string, Operation> = {
  ListEndpoints: listEndpoints,
  DescribeEndpoint: describeEndpoint,
  DescribeEndpointConfig: describeEndpointConfig,
  ListModels: listModels,
  DescribeModel: describeModel,
};
