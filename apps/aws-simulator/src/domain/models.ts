import type { Item } from './collection';
import { command } from './command';
import type { JsonObject } from './json';
import { object, optional, resourceName, tagMap } from './shape';
import { retag } from './tags';

/** Immutable, as in AWS: it can only be created and deleted. */
export interface Model extends Item {
  arn: string;
  spec: JsonObject;
}

export const modelCommands = {
  createModel: command(
    { name: resourceName, spec: object, tags: optional(tagMap) },
    ({ account, region, at }, { name, spec, tags = {} }) => {
      const arn = region.arn('model', name);
      const executionRole = `arn:aws:iam::${account.identity.accountId}:role/SageMakerExecutionRole`;
      const filled = { ExecutionRoleArn: executionRole, EnableNetworkIsolation: false, ...spec };
      region.models.add({ name, arn, createdAt: at, ordinal: account.takeOrdinals(), spec: filled });
      retag(region, arn, tags);
    },
  ),
  deleteModel: command({ name: resourceName }, ({ region }, { name }) => {
    region.tags.delete(region.models.remove(name).arn);
  }),
};
