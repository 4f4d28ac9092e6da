/** An admin command that breaks a rule: nothing was changed. AWS callers never see it. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly code: 'INVALID' | 'NOT_FOUND' | 'CONFLICT',
    message: string,
  ) {
    super(message);
  }
}

/** An answer of AWS that is an error. `queryCode` is the name in the query protocols, where it differs. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly status: number;
  readonly queryCode: string;
  readonly headers: Record<string, string>;
  constructor(
    readonly code: string,
    message: string,
    options: { status?: number; queryCode?: string; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.headers = options.headers ?? {};
    this.status = options.status ?? 400;
    this.queryCode = options.queryCode ?? code;
  }
}

export const validationError = (message: string): AwsError =>
  new AwsError('ValidationException', message, { queryCode: 'ValidationError' });
