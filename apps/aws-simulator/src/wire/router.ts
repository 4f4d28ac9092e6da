import type { IncomingHttpHeaders } from 'node:http';
import { assertEnabled, type Account } from '../domain/account';
import type { Caller } from '../domain/iam';
import type { JsonObject } from '../domain/json';
import { AwsError } from '../domain/refused';
import { isObject } from '../domain/shape';
import { authorise } from './authorise';
import { cloudWatchOperations } from './cloudwatch';
import { identify, type SignedBy, signedBy } from './credentials';
import type { Call, Operation } from './operation';
import {
  type Answer,
  cloudWatch,
  cloudWatchAnswer,
  type Protocol,
  s3,
  sageMaker,
  sageMakerAnswer,
  sts,
  stsAnswer,
} from './protocols';
import { headBucket, readObject, s3Address } from './s3';
import { endpointOperations } from './sagemaker-endpoints';
import { inferenceComponentOperations } from './sagemaker-inference-components';
import { jobOperations } from './sagemaker-jobs';
import { monitoringOperations } from './sagemaker-monitoring';
import { stsOperations } from './sts';

export interface WireRequest {
  method: string;
  /** Path without the query. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  requestId: string;
}

/** The moment of a call. */
export interface Moment {
  now: number;
  realNow: number;
  speed: number;
}

/** One recognised AWS call: which operation, in which protocol, and how to answer it. */
export interface Routed {
  operation: string;
  protocol: Protocol;
  signed: SignedBy | null;
  /** The members of a JSON request; empty for the other protocols. */
  input: JsonObject;
  /** What is wrong with the request whoever sent it: said before anybody is identified. */
  refusal: AwsError | null;
  /** Throws AwsError. */
  answer: (account: Account, caller: Caller, moment: Moment) => Answer;
}

const SAGEMAKER: Record<string, Operation> = {
  ...jobOperations,
  ...endpointOperations,
  ...inferenceComponentOperations,
  ...monitoringOperations,
};
const SAGEMAKER_TARGET = 'SageMaker.';
const CLOUDWATCH_TARGET = 'GraniteServiceVersion20100801.';

/** Tells the protocols apart by their headers, as AWS's own front doors do. */
export function route(request: WireRequest): Routed {
  const target = String(request.headers['x-amz-target'] ?? '');
  const contentType = String(request.headers['content-type'] ?? '');
  const signed = signedBy(request.headers);
  if (contentType.includes('cbor') || request.headers['smithy-protocol'] !== undefined) return unsupported(signed);
  if (target.startsWith(SAGEMAKER_TARGET)) {
    return json(request, signed, {
      name: target.slice(SAGEMAKER_TARGET.length),
      operations: SAGEMAKER,
      protocol: sageMaker,
    });
  }
  if (target.startsWith(CLOUDWATCH_TARGET)) {
    const name = target.slice(CLOUDWATCH_TARGET.length);
    return json(request, signed, { name, operations: cloudWatchOperations, protocol: cloudWatch });
  }
  if (contentType.startsWith('application/x-www-form-urlencoded')) return query(request, signed);
  if (signed?.service === 's3' && (request.method === 'GET' || request.method === 'HEAD'))
    return object(request, signed);
  return refusing(
    signed,
    new AwsError('UnknownOperationException', `${request.method} ${request.path} is no operation of this simulator.`),
  );
}

function json(
  request: WireRequest,
  signed: SignedBy | null,
  o: { name: string; operations: Record<string, Operation>; protocol: Protocol },
): Routed {
  const operation = Object.hasOwn(o.operations, o.name) ? o.operations[o.name] : undefined;
  const input = parse(request.body);
  return {
    operation: o.name,
    protocol: o.protocol,
    signed,
    input: input ?? {},
    refusal: null,
    answer: (account, caller, { now }) => {
      if (!operation) throw new AwsError('UnknownOperationException', `The simulator has no operation ${o.name}.`);
      if (input === null) throw new AwsError('SerializationException', 'The body is not a JSON object.');
      const region = account.region(signed?.region ?? account.identity.homeRegion);
      assertEnabled(region);
      const call: Call = { account, region, caller, now, input };
      authorise(account, caller, { action: operation.action, resource: operation.resource(call) });
      const body = operation.run(call);
      return o.protocol === sageMaker ? sageMakerAnswer(body) : cloudWatchAnswer(body);
    },
  };
}

function parse(body: Buffer): JsonObject | null {
  if (body.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function query(request: WireRequest, signed: SignedBy | null): Routed {
  const form = new URLSearchParams(request.body.toString('utf8'));
  const name = form.get('Action') ?? '';
  const operation = Object.hasOwn(stsOperations, name) ? stsOperations[name] : undefined;
  return {
    operation: name === '' ? 'Unknown' : name,
    protocol: sts,
    signed,
    input: {},
    refusal: null,
    answer: (account, caller, moment) => {
      const version = form.get('Version');
      if (!operation || version !== '2011-06-15') {
        throw new AwsError(
          'InvalidAction',
          `The simulator has no operation ${name} of version ${version ?? ''} in the query protocol.`,
        );
      }
      if (signed !== null && !account.region(signed.region).enabled) {
        throw new AwsError(
          'RegionDisabledException',
          `STS is not activated in this region for account:${caller.accountId}.`,
        );
      }
      return stsAnswer(name, operation({ account, caller, form, ...moment }), request.requestId);
    },
  };
}

function object(request: WireRequest, signed: SignedBy): Routed {
  const address = { ...s3Address(String(request.headers.host ?? ''), request.path), region: signed.region };
  if (request.method === 'HEAD' && address.key === '') return bucket(signed, address.bucket);
  return {
    operation: request.method === 'HEAD' ? 'HeadObject' : 'GetObject',
    protocol: s3,
    signed,
    input: {},
    refusal: null,
    answer: (account, caller) => {
      const { body, etag, modifiedAt, contentType, kmsKeyArn } = readObject(account, caller, address);
      const headers = {
        'content-type': contentType,
        'content-length': String(body.length),
        etag: `"${etag}"`,
        'last-modified': new Date(modifiedAt).toUTCString(),
        ...(kmsKeyArn === null
          ? {}
          : { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyArn }),
      };
      return { status: 200, headers, body: request.method === 'HEAD' ? '' : body, error: null };
    },
  };
}

const bucket = (signed: SignedBy, name: string): Routed => ({
  operation: 'HeadBucket',
  protocol: s3,
  signed,
  input: {},
  refusal: null,
  answer: (account, caller) => {
    headBucket(account, caller, { bucket: name, region: signed.region });
    return { status: 200, headers: { 'x-amz-bucket-region': signed.region }, body: '', error: null };
  },
});

const refusing = (signed: SignedBy | null, refusal: AwsError): Routed => ({
  operation: 'Unknown',
  protocol: sageMaker,
  signed,
  input: {},
  refusal,
  answer: () => {
    throw refusal;
  },
});

const unsupported = (signed: SignedBy | null): Routed =>
  refusing(
    signed,
    new AwsError('UnsupportedProtocol', 'The simulator does not speak CBOR; it speaks JSON 1.1, JSON 1.0 and Query.', {
      status: 415,
    }),
  );

/** Who signed it. Throws AwsError. */
export const callerOf = (account: Account, routed: Routed, now: number): Caller =>
  identify(account, routed.signed, now);
