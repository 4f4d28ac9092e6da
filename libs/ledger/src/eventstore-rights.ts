/** The groups that rights are given to. A user's name is `audital-<service>`. */
export const GROUPS = { readers: 'audital-readers', writers: 'audital-writers', keepers: 'audital-keepers' } as const;

export interface LedgerUser {
  loginName: string;
  groups: string[];
}

/** Trimming and deleting need rights of their own, which only the service has whose streams these are. */
export const isKeeper = (writes: readonly string[]): boolean =>
  writes.some((prefix) => /^(cursor|checkpoint|payload)-$/.test(prefix));

/**
 * The user of a service, by the prefixes that it may write. EventStoreDB gives rights by stream or to all streams, not by prefix. So the
 * keeper takes each of its streams for itself when it begins it (KEPT_STREAM); to all others, those that nobody has begun yet among them, every
 * writer may append there, and the port is what keeps the services apart.
 */
export function userOf(service: string, writes: readonly string[]): LedgerUser {
  const groups: string[] = [GROUPS.readers];
  if (writes.length > 0) groups.push(GROUPS.writers);
  if (isKeeper(writes)) groups.push(GROUPS.keepers);
  return { loginName: `audital-${service}`, groups };
}

const ADMINS = '$admins';

/** `$settings`: what holds for every stream without an ACL of its own. Nobody who is not named here reads or writes. */
export const DEFAULT_ACL = {
  $userStreamAcl: {
    $r: [GROUPS.readers, ADMINS],
    $w: [GROUPS.writers, ADMINS],
    $d: [GROUPS.keepers, ADMINS],
    $mr: [GROUPS.keepers, ADMINS],
    $mw: [GROUPS.keepers, ADMINS],
  },
  $systemStreamAcl: { $r: ADMINS, $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS },
} as const;

/** The metadata of a keeper's stream. What is not named here is as in the default ACL. */
export const KEPT_STREAM = { $acl: { $w: [GROUPS.keepers, ADMINS] } } as const;

/** Of `$all`: following a category reads it. */
export const ALL_ACL = {
  $acl: { $r: [GROUPS.readers, ADMINS], $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS },
} as const;
