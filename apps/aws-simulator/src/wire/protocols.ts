import { AwsError } from '../domain/refused';
import { escapeXml } from './xml';

/** What goes back over the wire, before the headers that every answer has. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
  error: string | null;
}

/** The four ways in which AWS's services speak here. */
export interface Protocol {
  refuse(error: AwsError, requestId: string): Answer;
}

const JSON_11 = 'application/x-amz-json-1.1';
const JSON_10 = 'application/x-amz-json-1.0';
const XML_TEXT = 'text/xml';

export const jsonAnswer = (contentType: string, body: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': contentType },
  body: JSON.stringify(body),
  error: null,
});

export const sageMakerAnswer = (body: unknown): Answer => jsonAnswer(JSON_11, body);
export const cloudWatchAnswer = (body: unknown): Answer => jsonAnswer(JSON_10, body);

export const stsAnswer = (operation: string, result: string, requestId: string): Answer => ({
  status: 200,
  headers: { 'content-type': XML_TEXT },
  body:
    `<${operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">` +
    `<${operation}Result>${result}</${operation}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`,
  error: null,
});

const refusal = (contentType: string, error: AwsError, headers: Record<string, string> = {}): Answer => ({
  status: error.status,
  headers: { 'content-type': contentType, ...headers },
  body: JSON.stringify({ __type: error.code, message: error.message }),
  error: error.code,
});

/** Identity is refused with 403 in the query protocols, with 400 in SageMaker's. */
const FORBIDDEN = [
  'AccessDenied',
  'InvalidClientTokenId',
  'ExpiredToken',
  'MissingAuthenticationToken',
  'RegionDisabledException',
];
const queryStatus = (error: AwsError): number => (FORBIDDEN.includes(error.queryCode) ? 403 : error.status);

/** JSON 1.1: the error's name is in `__type`. */
export const sageMaker: Protocol = { refuse: (error) => refusal(JSON_11, error) };

/** JSON 1.0 for clients that knew the query protocol: the name that they know is in a header, and wins over `__type`. */
export const cloudWatch: Protocol = {
  refuse: (error) => ({
    ...refusal(JSON_10, error, {
      'x-amzn-query-error': `${error.queryCode};${error.status >= 500 ? 'Receiver' : 'Sender'}`,
    }),
    status: queryStatus(error),
    error: error.queryCode,
  }),
};

export const sts: Protocol = {
  refuse: (error, requestId) => ({
    status: queryStatus(error),
    headers: { 'content-type': XML_TEXT },
    body:
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
      `<Code>${error.queryCode}</Code><Message>${escapeXml(error.message)}</Message></Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
    error: error.queryCode,
  }),
};

const S3_NAMES: Record<string, string> = { InvalidClientTokenId: 'InvalidAccessKeyId', Throttling: 'SlowDown' };

export const s3: Protocol = {
  refuse: (error, requestId) => {
    const code = S3_NAMES[error.queryCode] ?? error.queryCode;
    const status = code === 'SlowDown' ? 503 : code === 'InvalidAccessKeyId' ? 403 : error.status;
    return {
      status,
      headers: { 'content-type': 'application/xml', ...error.headers },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escapeXml(error.message)}</Message><RequestId>${requestId}</RequestId></Error>`,
      error: code,
    };
  },
};
