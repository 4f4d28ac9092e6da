import type { InferenceComponent } from '../domain/inference-components';
import { seconds } from '../domain/json';
import { validationError } from '../domain/refused';
import { requiredText } from './input';
import { allOf, equalsFilter, listOperation, modifiedFilter, nameFilter, statusFilter } from './listing';
import type { Call, Operation } from './operation';
import { nameOf, statusOf } from './sagemaker-jobs';

const STATUSES = ['InService', 'Creating', 'Updating', 'Failed', 'Deleting'] as const;

const shown = ({ region }: Call, component: InferenceComponent) => ({
  InferenceComponentName: component.name,
  InferenceComponentArn: component.arn,
  EndpointName: component.endpointName,
  EndpointArn: region.endpoints.get(component.endpointName)?.arn ?? region.arn('endpoint', component.endpointName),
  VariantName: component.variantName,
  InferenceComponentStatus: component.status,
  CreationTime: seconds(component.createdAt),
  LastModifiedTime: seconds(component.modifiedAt),
});

const listInferenceComponents = listOperation<InferenceComponent>({
  name: 'ListInferenceComponents',
  output: 'InferenceComponents',
  collection: ({ region }) => region.inferenceComponents,
  sorts: { Name: nameOf, Status: statusOf },
  defaultOrder: 'Descending',
  afterIsInclusive: true,
  filters: (call) =>
    allOf<InferenceComponent>(
      modifiedFilter(call),
      nameFilter(call),
      statusFilter(call, STATUSES),
      equalsFilter(call, 'EndpointNameEquals', (component: InferenceComponent) => component.endpointName),
      equalsFilter(call, 'VariantNameEquals', (component: InferenceComponent) => component.variantName),
    ),
  summary: (component, call) => shown(call, component),
});

const describeInferenceComponent: Operation = {
  action: 'sagemaker:DescribeInferenceComponent',
  resource: ({ region, input }) => region.arn('inference-component', requiredText(input, 'InferenceComponentName')),
  run: (call) => {
    const name = requiredText(call.input, 'InferenceComponentName');
    const component = call.region.inferenceComponents.get(name);
    if (!component)
      throw validationError(`Could not find inference component "${call.region.arn('inference-component', name)}".`);
    return {
      ...shown(call, component),
      Specification: { ModelName: component.modelName },
      RuntimeConfig: { DesiredCopyCount: component.copies, CurrentCopyCount: component.copies },
    };
  },
};

export const inferenceComponentOperations: Record<string, Operation> = {
  ListInferenceComponents: listInferenceComponents,
  DescribeInferenceComponent: describeInferenceComponent,
};
