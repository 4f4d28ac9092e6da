import { createHash, createHmac } from 'node:crypto';
import type { Position } from '../domain/collection';
import type { JsonObject } from '../domain/json';
import { validationError } from '../domain/refused';
import type { Call } from './operation';

interface TokenBody {
  /** Operation, region and every other parameter: a token is good for the very same request only. */
  request: string;
  position: Position;
  issuedAt: number;
}

const requestHash = (operation: string, call: Call): string => {
  const { NextToken: _, ...rest } = call.input;
  const sorted: JsonObject = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256')
    .update(JSON.stringify([operation, call.region.name, sorted]))
    .digest('base64url')
    .slice(0, 16);
};

const sign = (call: Call, body: string): string =>
  createHmac('sha256', call.account.identity.seed).update(`page|${body}`).digest('base64url').slice(0, 16);

/** Opaque to the caller: a page token frozen to its request, which expires by the account's clock. */
export function issueToken(operation: string, call: Call, position: Position): string {
  const body: TokenBody = { request: requestHash(operation, call), position, issuedAt: call.now };
  const text = Buffer.from(JSON.stringify(body)).toString('base64url');
  return `${text}.${sign(call, text)}`;
}

/** Null without a token: the first page. */
export function readToken(operation: string, call: Call): Position | null {
  const token = call.input['NextToken'];
  if (token === undefined || token === null) return null;
  const [text = '', signature = ''] = typeof token === 'string' ? token.split('.') : [];
  if (text === '' || signature !== sign(call, text)) throw validationError('The NextToken is not valid.');
  const body = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as TokenBody;
  if (body.request !== requestHash(operation, call)) {
    throw validationError('The NextToken belongs to a request with other parameters.');
  }
  if (call.now - body.issuedAt > call.account.limits.tokenLifetimeSeconds * 1000) {
    throw validationError('The NextToken has expired.');
  }
  return body.position;
}
