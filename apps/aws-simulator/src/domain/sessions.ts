import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Caller } from './iam';

/** What a session token says. It is signed, not stored: the account knows its own sessions again after any restart. */
export interface Session {
  roleArn: string;
  sessionName: string;
  /** By the account's clock. */
  issuedAt: number;
  expiresAt: number;
  /** Sessions of an older generation were expired by an admin command. */
  generation: number;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function issueCredentials(seed: string, session: Session): Credentials {
  const body = Buffer.from(JSON.stringify(session)).toString('base64url');
  const mac = hmac(seed, `session|${body}`);
  return {
    accessKeyId: accessKeyOf(mac),
    secretAccessKey: hmac(seed, `secret|${body}`).toString('base64').slice(0, 40),
    sessionToken: `${body}.${mac.toString('base64url')}`,
  };
}

/** The session behind a token, or null when this account did not issue it for this access key. */
export function readSession(seed: string, accessKeyId: string, sessionToken: string): Session | null {
  const [body = '', signature = ''] = sessionToken.split('.');
  const mac = hmac(seed, `session|${body}`);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== mac.length || !timingSafeEqual(given, mac) || accessKeyOf(mac) !== accessKeyId) return null;
  return JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Session;
}

export function callerOfSession(seed: string, session: Session): Caller {
  const [, , , , accountId = '', path = ''] = session.roleArn.split(':');
  const roleName = path.slice(path.lastIndexOf('/') + 1);
  return {
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${roleName}/${session.sessionName}`,
    userId: `AROA${base32(hmac(seed, `role|${session.roleArn}`), 16)}:${session.sessionName}`,
    roleArn: session.roleArn,
  };
}

/** The caller behind a long-term key: a user, or what stands for a role of the operator's own account. */
export function callerOfArn(seed: string, arn: string): Caller {
  const accountId = arn.split(':')[4] ?? '';
  const role = /^arn:aws:iam::\d{12}:role\/(.+)$/.exec(arn)?.[1];
  const id = base32(hmac(seed, `principal|${arn}`), 16);
  if (role === undefined) return { accountId, arn, userId: `AIDA${id}`, roleArn: null };
  return {
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role.slice(role.lastIndexOf('/') + 1)}/simulated`,
    userId: `AROA${id}:simulated`,
    roleArn: arn,
  };
}

const hmac = (seed: string, message: string): Buffer => createHmac('sha256', seed).update(message).digest();

const accessKeyOf = (mac: Buffer): string => `ASIA${base32(mac, 16)}`;

const base32 = (bytes: Buffer, length: number): string =>
  Array.from({ length }, (_, index) => BASE32[(bytes[index] ?? 0) % 32]).join('');
