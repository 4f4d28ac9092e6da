/** What routes are given; app.module.ts says by which adapter. */
export const EVENTS = Symbol('EVENTS');
export const INDEX = Symbol('INDEX');
export const TRUST = Symbol('TRUST');
export const STORED = Symbol('STORED');
export const INSPECTOR = Symbol('INSPECTOR');
export const COVERAGE = Symbol('COVERAGE');
export const INTEGRATIONS = Symbol('INTEGRATIONS');
export const ORGANISATIONS = Symbol('ORGANISATIONS');
export const APPEND = Symbol('APPEND');
export const READINESS = Symbol('READINESS');
export const SETTINGS = Symbol('SETTINGS');
export const SHUTDOWN = Symbol('SHUTDOWN');
export const AUTHENTICATOR = Symbol('AUTHENTICATOR');
export const PAGES = Symbol('PAGES');
export const STREAM = Symbol('STREAM');
export const VERIFIER = Symbol('VERIFIER');
export const STOP_REASON = Symbol('STOP_REASON');
