import {
  AWS_PERMISSIONS,
  type AwsPermission,
  type DoctorRow,
  type RefusalCode,
  type ReportPlace,
  statementFor,
  type TrustPolicy,
} from '@audital/contracts';

/** What one call of AWS showed. NOT_FOUND shows as much as ALLOWED: authorisation comes before existence (facts/aws §6.3). */
export interface Probed {
  outcome: 'ALLOWED' | 'NOT_FOUND' | 'DENIED' | 'THROTTLED' | 'UNKNOWN';
  /** AWS's words; empty when the call was allowed. */
  words: string;
}

export const ALLOWED: Probed = { outcome: 'ALLOWED', words: '' };

export const NOT_ACTIVATED = 'The integration is not activated.';

/** AWS trusts a clock that is five minutes wrong; what Audital seals would be as wrong long before. */
const CLOCK_SKEW_MS_MAX = 60_000;

const row = (check: string, status: DoctorRow['status'], detail: string, over: Partial<DoctorRow> = {}): DoctorRow => ({
  check,
  status,
  detail,
  loss: null,
  statement: null,
  ...over,
});

export const granted = (check: string, detail: string): DoctorRow => row(check, 'GRANTED', detail);
export const skipped = (check: string, detail: string): DoctorRow => row(check, 'SKIPPED', detail);

/** Something without which the integration is not activated, or (with a loss of its own) less is recorded. */
export const denied = (
  check: string,
  detail: string,
  o: { loss?: string; trustPolicy?: TrustPolicy | null } = {},
): DoctorRow => row(check, 'DENIED', detail, { loss: NOT_ACTIVATED, ...o });

/** `partition` is that of the role's ARN; `reports` is null where nobody knows yet which bucket the reports are in. */
export function permissionRow(
  permission: AwsPermission,
  probed: Probed,
  o: { partition: string; reports: ReportPlace | null },
): DoctorRow {
  const { action, loss } = permission;
  switch (probed.outcome) {
    case 'ALLOWED':
      return row(action, 'GRANTED', 'The call was allowed.');
    case 'NOT_FOUND':
      return row(action, 'GRANTED', 'AWS looked for a name that nobody has, so it allowed to look.');
    case 'DENIED': {
      if (isExplicitDeny(probed.words)) return row(action, 'DENIED', `${probed.words} ${EXPLICIT_DENY}`, { loss });
      const reports = o.reports ?? { bucket: 'BUCKET_OF_YOUR_MONITORING_REPORTS', prefix: '' };
      const statement = statementFor([action], { partition: o.partition, reports });
      return row(action, 'DENIED', probed.words, { loss, statement });
    }
    case 'THROTTLED':
      return row(action, 'THROTTLED', 'AWS throttled the probe, so nothing is known; test again in a minute.');
    case 'UNKNOWN':
      return row(action, 'SKIPPED', `The answer does not tell: ${probed.words} Test again later.`);
  }
}

const EXPLICIT_DENY =
  'No Allow helps against that: take the Deny out of the service control policy, boundary or policy that holds it. If only some regions fail, a service control policy is the likely place.';

/** IAM says which kind of policy decided (AWS, "Troubleshoot access denied error messages"). */
const isExplicitDeny = (words: string): boolean =>
  /with an explicit deny|no (service control policy|resource control policy|permissions boundary|session policy) allows/.test(
    words,
  );

/** Says of every permission that is not among `known` why it was not asked for. */
export function withSkipped(rows: DoctorRow[], detail: string): DoctorRow[] {
  const known = new Set(rows.map(({ check }) => check));
  const rest = AWS_PERMISSIONS.filter(({ action }) => !known.has(action));
  return [...rows, ...rest.map(({ action }) => skipped(action, detail))];
}

/** `skewMs`: how far this machine's clock is ahead of AWS's. */
export function clockRow(skewMs: number | null): DoctorRow {
  const check = 'clock';
  if (skewMs === null) return skipped(check, 'AWS told no time.');
  const seconds = (Math.abs(skewMs) / 1000).toFixed(0);
  const detail = `The clock of the machine that runs the collector is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} AWS's.`;
  return Math.abs(skewMs) <= CLOCK_SKEW_MS_MAX
    ? granted(check, detail)
    : denied(check, `${detail} Set it by NTP (chrony, systemd-timesyncd), then test again.`, {
        loss: 'Sealing times are wrong by as much; beyond five minutes AWS refuses what is signed by this clock.',
      });
}

/** The principal that a trust policy names: a session's role, without its path, which AWS does not tell. */
export function principalOf(callerArn: string): string {
  const found = /^arn:([\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(callerArn);
  return found ? `arn:${found[1]}:iam::${found[2]}:role/${found[3]}` : callerArn;
}

export const REASONS: Record<RefusalCode, string> = {
  ROLE_NOT_ASSUMABLE:
    "The role cannot be assumed with your organisation's external id. AWS does not say why: the role may not exist, its trust policy may name another principal or another external id, or Audital's own identity lacks sts:AssumeRole on it. The row has the trust policy that it needs.",
  INSECURE_TRUST_POLICY:
    'The role can be assumed without your external id, so that another customer of this Audital could have it read your account (confused deputy). Give the role the trust policy of the row, then test again.',
  WRONG_ACCOUNT: 'The role leads to another account than awsAccountId.',
  REGION_DISABLED:
    'The region is not enabled. Enable it (AWS console, Account, AWS Regions) in the account that the row names, or register another region.',
  REGION_UNKNOWN:
    'AWS has no region of this name. The region of an integration never changes: remove this one, and register the account again with the right region.',
};
