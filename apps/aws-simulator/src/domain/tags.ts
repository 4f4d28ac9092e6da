import type { Region } from './account';
import { command } from './command';
import { tagMap, text } from './shape';

/** Replaces the tags of a resource. */
export function retag(region: Region, arn: string, tags: Record<string, string>): void {
  region.tags.set(arn, tags);
}

/** Null: no such resource. */
export function tagsOf(region: Region, arn: string): Record<string, string> | null {
  const own = region.tags.get(arn);
  if (own) return own;
  const [kind, name = ''] = (arn.split(':')[5] ?? '').split('/');
  return kind === 'training-job' ? (region.trainingJobs.get(name)?.generatedTags ?? null) : null;
}

export const tagCommands = {
  setTags: command({ arn: text, tags: tagMap }, ({ region }, { arn, tags }) => retag(region, arn, tags)),
};
