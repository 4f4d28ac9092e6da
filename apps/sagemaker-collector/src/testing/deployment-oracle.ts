import type { Life, Look } from './endpoint-history';

interface Serving {
  config: string;
  weights: string;
  model: string | null;
}

/** In these an endpoint serves traffic with the configuration that it names. */
const SERVING = ['InService', 'Updating', 'SystemUpdating', 'RollingBack', 'UpdateRollbackFailed'];

/**
 * What must be told of one life of an endpoint, in order, by what was to be seen at each look. Written from the table of the documentation
 * (facts about AWS, "telling changes apart") and the design's words on baselines; it knows no code of the collector.
 */
export function expectedOf({ looks, gone }: Life): string[] {
  const told: string[] = [];
  /** The deployment that was last seen to serve. */
  let serving: Serving | null = null;
  /** The newest configuration that an update was seen to aim at since the endpoint was last in service. */
  let aim: string | null = null;
  let statusBefore: string | null = null;
  for (const look of looks) {
    const { status, config, first } = look;
    const now: Serving = { config, weights: JSON.stringify(look.weights), model: modelAt(look, serving) };
    const models = `model ${now.model}, before ${serving?.model ?? null}`;
    const foundBroken = first && status === 'UpdateRollbackFailed';
    if (isFailed(status) && !foundBroken) {
      // What had failed before anybody looked is no news.
      if (!first && status !== statusBefore) told.push(`FAILED ${config}`);
      aim = null;
    } else if (SERVING.includes(status)) {
      if (serving === null) told.push(`${first ? 'BASELINE' : 'CREATED'} ${config}, ${models}`);
      else if (status === 'InService') {
        if (config !== serving.config) told.push(`UPDATED ${config}, ${models}`);
        else if (aim !== null && aim !== config) told.push(`ROLLED_BACK ${config} from ${aim}`);
        else if (now.weights !== serving.weights) told.push(`TRAFFIC_SHIFT ${config}, ${models}`);
      }
      if (serving === null || status === 'InService') serving = now;
      aim = status === 'InService' ? null : (look.pending ?? aim);
    }
    statusBefore = status;
  }
  if (gone && serving) told.push(`ENDED ${serving.config}, before ${serving.model}`);
  return told;
}

const isFailed = (status: string): boolean => status === 'Failed' || status === 'UpdateRollbackFailed';

/** A configuration that was deleted under its endpoint is remembered if it was read before. */
const modelAt = (look: Look, serving: Serving | null): string | null =>
  look.model ?? (serving?.config === look.config ? serving.model : null);
