import { lookup as systemLookup } from 'node:dns/promises';

/** Resolves a host name, or rejects. */
export type Lookup = (hostname: string) => Promise<unknown>;

export const lookupBySystem: Lookup = (hostname) => systemLookup(hostname);

/** Of each partition a name that is there as long as the partition is. */
const ALWAYS_THERE: Record<string, string> = {
  aws: 'sts.us-east-1.amazonaws.com',
  'aws-cn': 'sts.cn-north-1.amazonaws.com.cn',
  'aws-us-gov': 'sts.us-gov-west-1.amazonaws.com',
};

/**
 * The host of STS that nobody knows, if that is why a call got no answer; null otherwise. A resolver that finds no name of AWS at all is
 * no news about the region: then the network is away.
 */
export async function unknownHostOf(error: unknown, partition: string, lookup: Lookup): Promise<string | null> {
  // The SDK may wrap what Node says, and then only its words are left.
  const hostname = /getaddrinfo ENOTFOUND (\S+)/.exec((error as Error).message)?.[1];
  if (hostname === undefined) return null;
  try {
    await lookup(ALWAYS_THERE[partition] ?? (ALWAYS_THERE['aws'] as string));
    return hostname;
  } catch {
    return null;
  }
}
