import type { Account, Region } from '../domain/account';
import type { Caller } from '../domain/iam';
import type { JsonObject } from '../domain/json';

/** One authorised call. `now` is the account's time. */
export interface Call {
  account: Account;
  region: Region;
  caller: Caller;
  now: number;
  input: JsonObject;
}

/** An operation of a JSON protocol: which IAM action it needs, on what, and its answer. */
export interface Operation {
  action: string;
  /** The ARN that the permission policy is asked about; `*` for lists, which know no resource. */
  resource: (call: Call) => string;
  run: (call: Call) => JsonObject;
}
