import { type AwsFailure, failureOf } from './aws-errors';

const answer = (name: string, status: number, message = ''): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } });

it.each<[string, number, AwsFailure]>([
  ['ThrottlingException', 400, 'THROTTLED'],
  ['Throttling', 400, 'THROTTLED'],
  ['ThrottledException', 400, 'THROTTLED'],
  ['RequestThrottled', 400, 'THROTTLED'],
  ['RequestThrottledException', 400, 'THROTTLED'],
  ['TooManyRequestsException', 429, 'THROTTLED'],
  ['ProvisionedThroughputExceededException', 400, 'THROTTLED'],
  ['TransactionInProgressException', 400, 'THROTTLED'],
  ['RequestLimitExceeded', 503, 'THROTTLED'],
  ['BandwidthLimitExceeded', 509, 'THROTTLED'],
  ['LimitExceededException', 400, 'THROTTLED'],
  ['SlowDown', 503, 'THROTTLED'],
  ['PriorRequestNotComplete', 400, 'THROTTLED'],
  ['EC2ThrottledException', 503, 'THROTTLED'],
  ['Unknown', 429, 'THROTTLED'],
  ['Unknown', 503, 'AWAY'],
  ['InternalFailure', 500, 'AWAY'],
  ['AccessDeniedException', 400, 'DENIED'],
  ['AccessDenied', 403, 'DENIED'],
  ['UnrecognizedClientException', 400, 'EXPIRED'],
  ['InvalidClientTokenId', 403, 'EXPIRED'],
  ['ExpiredTokenException', 400, 'EXPIRED'],
  ['ResourceNotFound', 400, 'NOT_FOUND'],
  ['ValidationException', 400, 'OTHER'],
])('%s with status %i is %s', (name, status, failure) => expect(failureOf(answer(name, status))).toBe(failure));

it('what has neither status nor socket is our own fault', () => {
  expect(failureOf(new TypeError('x is undefined'))).toBe('OTHER');
  expect(failureOf(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))).toBe('AWAY');
});
