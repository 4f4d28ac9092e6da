/** What a failed call means to us, by the error's name (facts/aws §1.6, §2.1, §7.1). */
export type AwsFailure = 'THROTTLED' | 'DENIED' | 'NOT_FOUND' | 'EXPIRED' | 'AWAY' | 'OTHER';

const THROTTLED = new Set([
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);
const DENIED = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'SignatureDoesNotMatch',
  'RegionDisabledException',
]);
const NAMELESS = new Set(['Forbidden', '403', 'Unknown', 'UnknownError', 'Error']);
/**
 * Expired, or not known: of a region that was disabled, of a key that was deleted, or for the first seconds of a session. Of what may be read
 * with good credentials it says nothing.
 */
const EXPIRED = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'OptInRequired',
]);

export function failureOf(error: unknown): AwsFailure {
  const { name, message, code, $metadata } = error as {
    name?: string;
    message?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (THROTTLED.has(name ?? '') || status === 429) return 'THROTTLED';
  if (EXPIRED.has(name ?? '')) return 'EXPIRED';
  if (DENIED.has(name ?? '')) return 'DENIED';
  // S3 answers HEAD without a body, so that the SDK knows no name.
  if (status === 403 && NAMELESS.has(name ?? '')) return 'DENIED';
  if (status === 404 && NAMELESS.has(name ?? '')) return 'NOT_FOUND';
  if (name === 'ResourceNotFound' || name === 'NoSuchKey' || name === 'NotFound') return 'NOT_FOUND';
  if (name === 'ValidationException' && /not found|could not find/i.test(message ?? '')) return 'NOT_FOUND';
  if (status !== undefined) return status >= 500 ? 'AWAY' : 'OTHER';
  // No answer came. What carries neither a socket's code nor the SDK's notes is a fault of ours, and no news about AWS.
  return typeof code === 'string' || $metadata !== undefined || name === 'TimeoutError' ? 'AWAY' : 'OTHER';
}
