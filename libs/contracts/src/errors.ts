/** One thing wrong with a request: where (RFC 6901 pointer into the body), a stable code, and a sentence for the caller. */
export interface Problem {
  pointer: string;
  code: string;
  message: string;
}

/** The request breaks a rule. It is never retried as it is; `message` is public and says what to change. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  constructor(
    readonly code: string,
    message: string,
    readonly problems: Problem[] = [],
  ) {
    super(message);
  }
}

/** A dependency is away or busy. Whoever meets it tries again later, for as long as it takes. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  constructor(
    readonly dependency: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Someone wrote first: the stream does not end at the expected revision (-1: it does not exist). Reload and decide again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
  constructor(
    readonly stream: string,
    readonly expectedRevision: number,
    readonly actualRevision: number,
  ) {
    super(`${stream} ends at revision ${actualRevision}, not at ${expectedRevision} as expected.`);
  }
}

/** What was stored does not verify. The organisation stops (DESIGN §8.8); nothing repairs it in code. */
export class Corrupt extends Error {
  override readonly name = 'Corrupt';
  constructor(
    readonly stream: string,
    readonly revision: number | null,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
