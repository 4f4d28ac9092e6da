import { randomBytes } from 'node:crypto';
import {
  AWS_PERMISSIONS,
  base62,
  type DoctorRow,
  type RefusalCode,
  type TestReply,
  type TestRequest,
  type TrustPolicy,
  trustPolicyOf,
  Unavailable,
} from '@audital/contracts';
import { PermissionProbes } from './adapters/permission-probes';
import { type Lookup, lookupBySystem, unknownHostOf } from './adapters/region-names';
import { placeOf, probeReport, type ReportAnswers } from './adapters/report-probes';
import { RoleUnderTest, type SessionCredentials } from './adapters/role-under-test';
import {
  clockRow,
  denied,
  granted,
  NOT_ACTIVATED,
  permissionRow,
  principalOf,
  REASONS,
  skipped,
  withSkipped,
} from './domain/doctor-rows';

const NOBODY = 'audital-permission-probe';
const NAME_CHARACTERS_MAX = 63;
/** Whoever asked waits a minute at most; what has not been asked for by then is left out. */
const PROBES_MS_MAX = 40_000;

/** The session of an account in a region that is not enabled there is unknown to the services of that region. */
const REGION_ERRORS = /^(UnrecognizedClientException|InvalidClientTokenId|AuthFailure|OptInRequired|RegionDisabled\w*)/;

type Findings = { rows: DoctorRow[]; refused: RefusalCode | null };

/**
 * The doctor: who we are, whether the role trusts exactly us, whose account and which region it leads to, and what it may do (DESIGN §5).
 * It writes nothing anywhere. Throws Unavailable when AWS cannot be asked at all.
 */
export const testIntegration =
  (now: () => Date, lookup: Lookup = lookupBySystem) =>
  async (request: TestRequest): Promise<TestReply> => {
    const role = new RoleUnderTest(request, now);
    try {
      const { rows, refused } = await examine(role, request, now).catch((error: unknown) =>
        unlessUnknownRegion(error, request, lookup),
      );
      const reason = refused === null ? null : { code: refused, message: REASONS[refused] };
      return { outcome: refused === null ? 'ACCEPTED' : 'REFUSED', reason, testedAt: now().toISOString(), rows };
    } finally {
      role.close();
    }
  };

async function examine(role: RoleUnderTest, request: TestRequest, now: () => Date): Promise<Findings> {
  const self = await role.ourselves();
  if (self.arn === null) return withoutIdentity(request, self);
  const rows = [granted('own identity', `Audital calls AWS as ${self.arn}.`), clockRow(role.skewMs)];
  const trust = await trustTest(role, request, principalOf(self.arn));
  rows.push(...trust.rows);
  if (trust.credentials === null || trust.refused !== null) {
    const because = 'Not asked: the trust policy comes first.';
    const unknown = [skipped('account', because), skipped('region', because)];
    return { rows: withSkipped([...rows, ...unknown], because), refused: trust.refused };
  }
  const session = await role.session(trust.credentials);
  const account = session.arn === null ? null : session.account;
  if (account !== request.awsAccountId) {
    const detail = `The role leads to account ${account ?? 'unknown'}, not to ${request.awsAccountId}: correct awsAccountId or roleArn.`;
    const because = 'Not asked: it is the wrong account.';
    return {
      rows: withSkipped([...rows, denied('account', detail), skipped('region', because)], because),
      refused: 'WRONG_ACCOUNT',
    };
  }
  rows.push(granted('account', `GetCallerIdentity says ${account}.`));
  return permissionTest(trust.credentials, { request, rows, now });
}

/** A region that AWS does not have will never answer; whatever else is away may come back, and stays Unavailable. */
async function unlessUnknownRegion(error: unknown, request: TestRequest, lookup: Lookup): Promise<Findings> {
  const partition = request.roleArn.split(':')[1] ?? 'aws';
  const host = error instanceof Unavailable ? await unknownHostOf(error.cause, partition, lookup) : null;
  if (host === null) throw error;
  const detail = `There is no ${host}, while other names of AWS are found: AWS has no region ${request.region}.`;
  return {
    rows: withSkipped([denied('region', detail)], 'Not asked: the region is unknown.'),
    refused: 'REGION_UNKNOWN',
  };
}

/** Our own credentials do not work here, so nothing can be said of the role. */
function withoutIdentity(request: TestRequest, self: { refusal: string; message: string }): Findings {
  const because = 'Not asked: Audital itself could not call AWS.';
  if (REGION_ERRORS.test(self.refusal) && /region/i.test(self.refusal + self.message)) {
    const detail = `${self.refusal}: ${request.region} is not enabled in the account that runs Audital.`;
    return { rows: withSkipped([denied('region', detail)], because), refused: 'REGION_DISABLED' };
  }
  const detail = `${self.refusal}: ${self.message} Give the collector AWS credentials that are valid (a role of its own, or the variables AWS_ACCESS_KEY_ID and so on).`;
  return { rows: withSkipped([denied('own identity', detail)], because), refused: 'ROLE_NOT_ASSUMABLE' };
}

const RIGHT = 'the right external id is accepted';

async function trustTest(
  role: RoleUnderTest,
  request: TestRequest,
  principal: string,
): Promise<Findings & { credentials: SessionCredentials | null }> {
  const { current, next, retired } = request.externalIds;
  const valid = next === null ? [current] : [next, current];
  const trustPolicy = trustPolicyOf(principal, valid);
  const answers = [];
  for (const externalId of valid) answers.push(await role.assume(externalId));
  const accepted = answers.find(({ credentials }) => credentials !== null)?.credentials ?? null;
  if (accepted === null) {
    const [refusal = ''] = answers.map((answer) => (answer.credentials === null ? answer.refusal : ''));
    const row = denied(RIGHT, `${refusal}, whose reason AWS does not tell.`, { trustPolicy });
    const rest = [WRONG, MISSING].map((check) => skipped(check, 'Not asked: the role could not be assumed at all.'));
    return { rows: [row, ...rest], refused: 'ROLE_NOT_ASSUMABLE', credentials: null };
  }
  const rows = [granted(RIGHT, 'The role was assumed.')];
  if (next !== null) rows.push(overlapRow(answers[0]?.credentials !== null, trustPolicy));
  const random = `aud_ext_${base62(randomBytes(20), 20)}`;
  rows.push(await refusalRow(role, { check: WRONG, externalId: random, trustPolicy, loss: NOT_ACTIVATED }));
  rows.push(await refusalRow(role, { check: MISSING, externalId: null, trustPolicy, loss: NOT_ACTIVATED }));
  const refused = rows.some(({ check, status }) => status === 'DENIED' && check !== NEXT);
  if (retired !== null && !refused) {
    const loss = 'The role still opens to an external id that your organisation has given up.';
    rows.push(await refusalRow(role, { check: RETIRED, externalId: retired, trustPolicy, loss }));
  }
  return { rows, refused: refused ? 'INSECURE_TRUST_POLICY' : null, credentials: accepted };
}

const NEXT = 'the next external id is accepted';
const WRONG = 'a wrong external id is refused';
const MISSING = 'a missing external id is refused';
const RETIRED = 'the retired external id is refused';

const overlapRow = (isAccepted: boolean, trustPolicy: TrustPolicy): DoctorRow =>
  isAccepted
    ? granted(NEXT, 'The role was assumed with it, so the one before can be retired.')
    : denied(NEXT, 'The role takes the external id in force only.', {
        loss: 'The external id in force cannot be retired.',
        trustPolicy,
      });

/** STS ignores an external id that the trust policy does not ask for: only a refusal shows that it asks (facts/aws §7.3). */
async function refusalRow(
  role: RoleUnderTest,
  o: { check: string; externalId: string | null; trustPolicy: TrustPolicy; loss: string },
): Promise<DoctorRow> {
  const answer = await role.assume(o.externalId);
  if (answer.credentials === null) return granted(o.check, `${answer.refusal}, as it must be.`);
  const detail = 'The role was assumed all the same: its trust policy does not insist on the external id.';
  return denied(o.check, detail, { loss: o.loss, trustPolicy: o.trustPolicy });
}

async function permissionTest(
  credentials: SessionCredentials,
  o: { request: TestRequest; rows: DoctorRow[]; now: () => Date },
): Promise<Findings> {
  const { request, rows, now } = o;
  const nobody = `${request.namePrefix ?? ''}${NOBODY}`.slice(0, NAME_CHARACTERS_MAX).replace(/-+$/, '');
  const partition = request.roleArn.split(':')[1] ?? 'aws';
  const nobodyArn = `arn:${partition}:sagemaker:${request.region}:${request.awsAccountId}:endpoint/${nobody}`;
  const probes = new PermissionProbes(credentials, { region: request.region, nobody, nobodyArn, now: now() });
  const endMs = now().getTime() + PROBES_MS_MAX;
  try {
    const first = await probes.probe('sagemaker:ListTrainingJobs');
    if (first && REGION_ERRORS.test(first.words)) {
      const detail = `${first.words} Account ${request.awsAccountId} has not enabled ${request.region}.`;
      const because = 'Not asked: the region is not enabled.';
      return { rows: withSkipped([...rows, denied('region', detail)], because), refused: 'REGION_DISABLED' };
    }
    rows.push(granted('region', `SageMaker answers in ${request.region}.`));
    const folder = await probes.newestReport();
    const reports = folder === null ? null : placeOf(folder);
    const answers = folder === null ? null : await probeReport(credentials, { region: request.region, folder });
    for (const permission of AWS_PERMISSIONS) {
      if (now().getTime() > endMs) break;
      const probed = await probes.probe(permission.action);
      rows.push(
        probed
          ? permissionRow(permission, probed, { partition, reports })
          : reportRow(permission, answers, { partition, reports }),
      );
    }
    return { rows: withSkipped(rows, 'Not asked: AWS answers too slowly; test again later.'), refused: null };
  } finally {
    probes.close();
  }
}

function reportRow(
  permission: (typeof AWS_PERMISSIONS)[number],
  answers: ReportAnswers | null,
  o: Parameters<typeof permissionRow>[2],
): DoctorRow {
  const { action } = permission;
  if (answers === null) return skipped(action, 'There is no monitoring report that could be asked for.');
  const probed = answers[action];
  if (probed === undefined) throw new Error(`Nobody knows how to probe ${action}.`);
  if (probed !== null) return permissionRow(permission, probed, o);
  return skipped(action, 'The newest monitoring report could not be read, or no key of KMS protects it.');
}
