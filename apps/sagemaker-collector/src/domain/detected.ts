import type { Observation } from '@audital/contracts';
import type { Change } from './cursor';

/** What was seen of one resource, and the cursor changes that it justifies: they go into the same part. */
export interface Detected {
  observations: Observation[];
  changes: Change[];
}

export const nothing: Detected = { observations: [], changes: [] };
