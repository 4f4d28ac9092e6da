import { failureOf } from './adapters/aws-errors';
import { filtersByTag, needsTags } from './domain/filters';
import type { CaptureGap } from './domain/payload';
import type { Pass } from './pass';

/**
 * The tags of a resource that was just described. Tags that a filter needs must be readable, else the pass fails: an empty result would
 * be a lie. For the rest a gap is enough.
 */
export async function tagsOf(pass: Pass, arn: string, gaps: CaptureGap[]): Promise<Record<string, string>> {
  const { settings } = pass.integration;
  if (!needsTags(settings)) return {};
  try {
    return await pass.aws.listTags(arn);
  } catch (error) {
    const failure = failureOf(error);
    if (filtersByTag(settings) || (failure !== 'DENIED' && failure !== 'NOT_FOUND')) throw error;
    const denied = failure === 'DENIED';
    gaps.push({
      field: 'tags',
      reason: denied ? 'ACCESS_DENIED' : 'NOT_FOUND',
      permission: denied ? 'sagemaker:ListTags' : null,
    });
    return {};
  }
}

/** The tags, or null when there is no such resource (any more). */
export const tagsOrNull = (pass: Pass, arn: string): Promise<Record<string, string> | null> =>
  orNull(() => pass.aws.listTags(arn));

/** Null: AWS knows no such thing. Everything else that fails is thrown. */
export async function orNull<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (failureOf(error) === 'NOT_FOUND') return null;
    throw error;
  }
}
