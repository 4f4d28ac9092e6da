import type { Item } from './collection';
import { command } from './command';
import { integerBetween, optional, resourceName, text } from './shape';

/** A model on an endpoint whose variants name none. */
export interface InferenceComponent extends Item {
  arn: string;
  modifiedAt: number;
  endpointName: string;
  variantName: string;
  modelName: string;
  copies: number;
  status: string;
}

export const inferenceComponentCommands = {
  createInferenceComponent: command(
    {
      name: resourceName,
      endpointName: resourceName,
      variantName: optional(resourceName),
      modelName: resourceName,
      copies: optional(integerBetween(0, 1000)),
      status: optional(text),
    },
    ({ account, region, at }, { variantName = 'AllTraffic', copies = 1, status = 'InService', ...given }) => {
      region.endpoints.require(given.endpointName);
      const own = { arn: region.arn('inference-component', given.name), createdAt: at, modifiedAt: at };
      region.inferenceComponents.add({
        ...given,
        ...own,
        ordinal: account.takeOrdinals(),
        variantName,
        copies,
        status,
      });
    },
  ),
  /** An update: of the model, the copies or the status, whatever is given. */
  moveInferenceComponent: command(
    {
      name: resourceName,
      modelName: optional(resourceName),
      copies: optional(integerBetween(0, 1000)),
      status: optional(text),
    },
    ({ region, at }, { name, modelName, copies, status }) => {
      const component = region.inferenceComponents.require(name);
      Object.assign(component, {
        modelName: modelName ?? component.modelName,
        copies: copies ?? component.copies,
        status: status ?? component.status,
        modifiedAt: Math.max(component.modifiedAt, at),
      });
    },
  ),
  deleteInferenceComponent: command({ name: resourceName }, ({ region }, { name }) => {
    region.inferenceComponents.remove(name);
  }),
};
