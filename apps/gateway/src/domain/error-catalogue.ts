/** What one stable error code means. `cause` and `remedy` are the public documentation: /docs/errors and docs/errors.md are made of them. */
export interface CatalogueEntry {
  status: number;
  title: string;
  cause: string;
  remedy: string;
}

/** Every code that the API answers with. A code never changes its meaning; clients may branch on it. */
export const ERROR_CATALOGUE = {
  MALFORMED_JSON: {
    status: 400,
    title: 'The body is not JSON',
    cause: 'The request body could not be parsed as JSON, or is not a JSON object.',
    remedy: 'Send one JSON object in UTF-8. The detail names the place where parsing stopped, as far as it is known.',
  },
  INVALID_QUERY: {
    status: 400,
    title: 'A query parameter or header is not usable',
    cause:
      'A query parameter, path parameter or header has a value outside its range or form, or the parameter does not exist.',
    remedy: 'Correct each parameter that `errors` names. The OpenAPI document lists what every route takes.',
  },
  INVALID_CURSOR: {
    status: 400,
    title: 'The cursor is not one of ours',
    cause: 'The cursor was altered, was cut, or was issued to another organisation.',
    remedy: 'Use `pagination.nextCursor` of the page before, unchanged, or start again without a cursor.',
  },
  KEY_IN_QUERY: {
    status: 400,
    title: 'API keys do not belong into the address',
    cause: 'The query string holds an API key. Addresses are written to logs, histories and proxies.',
    remedy:
      'Send the key as `Authorization: Bearer ak_…`. Treat a key that has been in an address as leaked: revoke it and make a new one.',
  },
  KEY_MISSING: {
    status: 401,
    title: 'An API key is needed',
    cause: 'The request has no `Authorization: Bearer ak_live_…` or `ak_test_…` header.',
    remedy: 'Send the API key of your organisation in the Authorization header.',
  },
  KEY_MALFORMED: {
    status: 401,
    title: 'This is not an API key',
    cause: 'The key has another form, or its checksum does not match: a character is missing or was mistyped.',
    remedy: 'Copy the whole key again, from `ak_` to its last character.',
  },
  KEY_UNKNOWN: {
    status: 401,
    title: 'Nobody has this API key',
    cause: 'The key is well formed, but it was never issued here.',
    remedy: 'Check that key and address belong to the same installation, or ask your administrator for a key.',
  },
  KEY_REVOKED: {
    status: 401,
    title: 'This API key was revoked',
    cause: 'The key was valid once and has been revoked.',
    remedy: 'Use another key of your organisation.',
  },
  SCOPE_MISSING: {
    status: 403,
    title: 'The key may not do this',
    cause: 'The API key lacks the scope that the route needs. The detail names it.',
    remedy: 'Use a key with that scope, or with `admin`.',
  },
  ROUTE_NOT_FOUND: {
    status: 404,
    title: 'There is no such route',
    cause: 'No route of the API has this method and path.',
    remedy: 'Compare with the OpenAPI document at /v1/openapi.json, or read /docs.',
  },
  EVENT_NOT_FOUND: {
    status: 404,
    title: 'There is no such event',
    cause: 'Your organisation has no event with this id or at this position.',
    remedy:
      'Check the id and the key: test keys see the sandbox only. An event that was sealed a moment ago is visible within a second.',
  },
  INTEGRATION_NOT_FOUND: {
    status: 404,
    title: 'There is no such integration',
    cause: 'Your organisation has no integration with this id, or it was removed.',
    remedy: 'List the integrations with GET /v1/integrations/sagemaker.',
  },
  ORGANISATION_NOT_FOUND: {
    status: 404,
    title: 'There is no such organisation',
    cause: 'The organisation of the key is not known to the integration-registry, or has no external id yet.',
    remedy: 'Ask again in a moment; if it stays, tell the operator.',
  },
  KEY_NOT_FOUND: {
    status: 404,
    title: 'There is no such key',
    cause: 'Your organisation has no API key with this id.',
    remedy: 'List the keys with GET /v1/keys.',
  },
  MODEL_NOT_FOUND: {
    status: 404,
    title: 'There is no such model',
    cause: 'No event of your organisation belongs to a model with this id.',
    remedy: 'List the models with GET /v1/models.',
  },
  LOG_NOT_STARTED: {
    status: 404,
    title: 'The log has no checkpoint yet',
    cause: 'Nothing has been sealed for your organisation, or the first checkpoint has not been signed.',
    remedy: 'Ask again after the first event was sealed; a checkpoint follows within a second.',
  },
  TILE_NOT_FOUND: {
    status: 404,
    title: 'There is no such tile',
    cause: 'The path is no tile path, or the tile reaches beyond the newest checkpoint.',
    remedy: 'Read GET /v1/log/checkpoint first, and ask for the tiles and widths that a tree of its size has.',
  },
  EVENT_PENDING: {
    status: 409,
    title: 'The event is not under a checkpoint yet',
    cause: 'The event was sealed after the newest checkpoint was signed, so there is nothing to prove it against.',
    remedy: 'Ask again after the time in Retry-After.',
  },
  INTEGRATION_OVERLAPS: {
    status: 409,
    title: 'Another integration watches the same resources',
    cause:
      'A live integration of the same account and region could match the same resources, so events would be recorded twice.',
    remedy:
      'Give the two different name prefixes, or different values of one tag key; or change the existing integration.',
  },
  INTEGRATION_STATUS: {
    status: 409,
    title: 'The integration is in the wrong state for this',
    cause: 'The integration cannot do this in its present state; the detail names the state.',
    remedy: 'Read the integration, bring it into a state that allows it, and try again.',
  },
  KEY_LAST: {
    status: 409,
    title: 'The last key that may manage keys cannot be revoked',
    cause: 'Without it nobody could make or revoke keys any more.',
    remedy: 'Make another key with `keys:manage` first, and revoke this one with it.',
  },
  EXTERNAL_ID_ROTATION: {
    status: 409,
    title: 'The external id cannot be replaced now',
    cause:
      'No rotation is under way, or some role does not take the next external id yet; the detail names its integration.',
    remedy:
      'Put both external ids into the trust policy of each role (GET /v1/integrations/sagemaker/setup shows it), test the integrations, then finish.',
  },
  INTEGRATION_NOT_ACTIVE: {
    status: 409,
    title: 'The integration is not polled',
    cause: 'The scheduler polls ACTIVE integrations only, and does not know this one as active.',
    remedy:
      'Read the integration: its status and its last test say why. One that became active a moment ago can be polled a second later.',
  },
  BODY_TOO_LARGE: {
    status: 413,
    title: 'The body is too large',
    cause: 'The request body has more than 1 MB.',
    remedy:
      'Send less: a payload may have 256 KiB. Store large material elsewhere and put its SHA-256 into the payload.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'The body has to be JSON',
    cause:
      'The request has a body whose Content-Type is not application/json, or in a character set or encoding that is not taken.',
    remedy: 'Send `Content-Type: application/json`, in UTF-8.',
  },
  VALIDATION_FAILED: {
    status: 422,
    title: 'The request breaks a rule',
    cause: 'One or more fields are missing, unknown, of the wrong type or out of range. Nothing was written.',
    remedy: 'Correct each field that `errors` names: `pointer` says where, `message` says what is taken.',
  },
  EXTERNAL_ID_MISMATCH: {
    status: 422,
    title: 'This is not your external id',
    cause: 'The external id in the request is not the one that was issued to your organisation.',
    remedy:
      'Use the external id of GET /v1/integrations/sagemaker/setup, and the same one in the trust policy of the role.',
  },
  ACCOUNT_MISMATCH: {
    status: 422,
    title: 'Role and account do not belong together',
    cause: 'The account in roleArn is not awsAccountId.',
    remedy: 'Use the ARN of a role in the account that is to be watched.',
  },
  TARGET_IMMUTABLE: {
    status: 422,
    title: 'Account and region of an integration never change',
    cause: 'The change names another account, region, role or external id than the integration has.',
    remedy: 'Remove this integration and register another one.',
  },
  EVENT_RESERVED: {
    status: 422,
    title: 'Only Audital itself may say this',
    cause: 'The event type or the source is reserved for what Audital has observed by itself.',
    remedy: 'Use a type and a source of your own; the errors name what is reserved.',
  },
  EVENT_INVALID: {
    status: 422,
    title: 'The event cannot be sealed',
    cause: 'The chain-writer checked the event once more and refused it; the detail says why.',
    remedy: 'Change the event as the detail says.',
  },
  PAYLOAD_NOT_CANONICAL: {
    status: 422,
    title: 'The payload cannot be recorded exactly',
    cause:
      'The payload holds something that has no exact canonical form (RFC 8785): half of a surrogate pair, an integer beyond 2^53 − 1, more than 32 levels, or more than 256 KiB.',
    remedy:
      'Change the place that `errors` names: write large integers as strings, and store large material elsewhere with its SHA-256 here.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    cause: 'A request with this Idempotency-Key has been carried out, and its content differs from this one.',
    remedy: 'Use a new key for a new request; repeat a request with exactly the same body.',
  },
  KEY_SCOPES_EXCEEDED: {
    status: 422,
    title: 'A key cannot give away what it does not have',
    cause: 'The new key would have a scope that the key of this request lacks, or a test key asked for a live one.',
    remedy: 'Ask for fewer scopes, or use a key that has them (`admin` has all).',
  },
  REQUEST_REFUSED: {
    status: 422,
    title: 'The request was refused',
    cause: 'A service behind the API refused the request; the detail says why.',
    remedy: 'Change the request as the detail says.',
  },
  INTERNAL: {
    status: 500,
    title: 'Something is wrong on our side',
    cause: 'The request met an error that nobody foresaw. The log of the gateway has it under the request id.',
    remedy: 'Try again; if it stays, tell the operator the requestId.',
  },
  EVIDENCE_CORRUPT: {
    status: 500,
    title: 'Stored evidence does not verify',
    cause: 'What is stored does not match its hashes, its links or its signed checkpoint.',
    remedy:
      'Read GET /v1/audit/chain-status: it names the first bad position and the reason. Tell the operator; nothing is repaired silently.',
  },
  UNAVAILABLE: {
    status: 503,
    title: 'A part of the system is away',
    cause: 'A service or a store that this request needs does not answer at the moment.',
    remedy: 'Repeat the request after the time in Retry-After, with the same Idempotency-Key if it had one.',
  },
  NO_ANSWER: {
    status: 504,
    title: 'No answer in time',
    cause: 'The request was passed on, but no answer came: it may or may not have been carried out.',
    remedy:
      'Retry with the same Idempotency-Key (it is in the answer): the event is sealed once, however often you retry.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_CATALOGUE, code);

export const errorAnchor = (code: string): string => code.toLowerCase().replaceAll('_', '-');

/** Where a code is explained: served by the gateway itself. */
export const errorPage = (code: ErrorCode): string => `/docs/errors#${errorAnchor(code)}`;

/** docs/errors.md, whole: one heading per code, its cause, and what to do. */
export function errorPageMarkdown(): string {
  const entries = Object.entries(ERROR_CATALOGUE).map(
    ([code, { status, title, cause, remedy }]) =>
      `## ${code}\n\n**${status}: ${title}.** ${cause}\n\nWhat to do: ${remedy}\n`,
  );
  return `${INTRODUCTION}\n${entries.join('\n')}`;
}

const INTRODUCTION = `# Error codes

Every error of the API is a problem document (RFC 9457, \`application/problem+json\`): \`type\`, \`title\`, \`status\`, \`detail\`, \`code\`,
\`requestId\`, \`errors\` (\`pointer\`, \`code\` and \`message\` of each bad field) and \`hint\`. Branch on \`code\`: it never changes its meaning.
The request id is also in the \`Audital-Request-Id\` header of every answer.
`;
