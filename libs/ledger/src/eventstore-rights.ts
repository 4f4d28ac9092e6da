/** The groups that rights are given to. A user's name is `audital-<service>`. */
export const GROUPS = { readers: 'audital-readers', writers: 'audital-writers', keepers: 'audital-keepers' } as const;

export interface LedgerUser {
  loginName: string;
  groups: string[];
}

/**
 * The user of a service, by the prefixes that it may write. EventStoreDB gives rights by stream or to all streams, not by prefix: a
 * writer may append to every stream there, and the port is what keeps the services apart. Trimming and deleting (`cursor-`,
 * `payload-`) need rights of their own, which only the service has whose streams these are.
 */
export function userOf(service: string, writes: readonly string[]): LedgerUser {
  const groups: string[] = [GROUPS.readers];
  if (writes.length > 0) groups.push(GROUPS.writers);
  if (writes.some((prefix) => /^(cursor|checkpoint|payload)-$/.test(prefix))) groups.push(GROUPS.keepers);
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

/** Of `$all`: following a category reads it. */
export const ALL_ACL = {
  $acl: { $r: [GROUPS.readers, ADMINS], $w: ADMINS, $d: ADMINS, $mr: ADMINS, $mw: ADMINS },
} as const;
