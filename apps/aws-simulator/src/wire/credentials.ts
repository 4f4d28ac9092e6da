import type { Account } from '../domain/account';
import type { Caller } from '../domain/iam';
import { AwsError } from '../domain/refused';
import { callerOfArn, callerOfSession, readSession } from '../domain/sessions';

/** What the caller signed with. The signature itself is not checked: the simulator knows no secret key. */
export interface SignedBy {
  accessKeyId: string;
  sessionToken: string | null;
  region: string;
  /** `sts`, `sagemaker`, `monitoring`, `s3`: the service of the credential scope. */
  service: string;
}

const CREDENTIAL = /Credential=([^/\s,]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request/;

/** Null when the request is not signed. */
export function signedBy(headers: Record<string, string | string[] | undefined>): SignedBy | null {
  const authorization = headers['authorization'];
  const found = typeof authorization === 'string' ? CREDENTIAL.exec(authorization) : null;
  if (!found) return null;
  const [, accessKeyId = '', , region = '', service = ''] = found;
  const token = headers['x-amz-security-token'];
  return { accessKeyId, sessionToken: typeof token === 'string' ? token : null, region, service };
}

/** Names differ between services for the same refusal. */
const unknownKey = (): AwsError =>
  new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.', {
    queryCode: 'InvalidClientTokenId',
  });

export function identify(account: Account, signed: SignedBy | null, now: number): Caller {
  if (signed === null) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token', {
      queryCode: 'MissingAuthenticationToken',
    });
  }
  const { seed } = account.identity;
  if (signed.sessionToken === null) {
    const arn = account.accessKeys.get(signed.accessKeyId);
    if (arn === undefined) throw unknownKey();
    return callerOfArn(seed, arn);
  }
  const session = readSession(seed, signed.accessKeyId, signed.sessionToken);
  if (session === null) throw unknownKey();
  if (session.expiresAt <= now || session.generation < account.sessionGeneration) {
    throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired', {
      queryCode: 'ExpiredToken',
    });
  }
  return callerOfSession(seed, session);
}
