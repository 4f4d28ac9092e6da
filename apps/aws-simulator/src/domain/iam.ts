import type { JsonObject } from './json';
import { Refused } from './refused';
import { isObject } from './shape';

/** Who calls, as IAM sees it. A role's session has the role's ARN too: policies name either. */
export interface Caller {
  accountId: string;
  arn: string;
  userId: string;
  roleArn: string | null;
}

interface Condition {
  operator: string;
  key: string;
  values: string[];
}

interface Statement {
  effect: 'Allow' | 'Deny';
  actions: string[];
  resources: string[];
  principals: string[] | null;
  conditions: Condition[];
}

/** A policy document, parsed. `document` is what was given, for showing. */
export interface Policy {
  document: JsonObject;
  statements: Statement[];
}

export interface AccessRequest {
  action: string;
  resource: string;
  /** Context keys in lower case: `sts:externalid`, `aws:principalarn`. A key that is absent is absent. */
  context: Record<string, string | undefined>;
  /** Given for trust policies only. */
  principal?: Caller;
}

const MEMBERS = ['Sid', 'Effect', 'Action', 'Resource', 'Principal', 'Condition'];
const OPERATORS: Record<string, (value: string | undefined, allowed: string[]) => boolean> = {
  stringequals: (value, allowed) => value !== undefined && allowed.includes(value),
  stringnotequals: (value, allowed) => value === undefined || !allowed.includes(value),
  stringlike: (value, allowed) => value !== undefined && allowed.some((pattern) => like(pattern, value)),
  stringnotlike: (value, allowed) => value === undefined || !allowed.some((pattern) => like(pattern, value)),
  arnequals: (value, allowed) => value !== undefined && allowed.some((pattern) => like(pattern, value)),
  arnlike: (value, allowed) => value !== undefined && allowed.some((pattern) => like(pattern, value)),
  null: (value, allowed) => allowed.includes(String(value === undefined)),
};

/**
 * Reads a policy. What this evaluator does not know (NotAction, NotPrincipal, NotResource, other operators) is refused rather than ignored:
 * a policy that is evaluated only in part would grant what its author denied.
 */
export function parsePolicy(document: JsonObject, kind: 'trust' | 'permissions'): Policy {
  const given = document['Statement'];
  const statements = (Array.isArray(given) ? given : [given]).map((statement, index) => {
    const path = `policy.Statement[${index}]`;
    if (!isObject(statement)) throw new Refused('INVALID', `${path} must be an object.`);
    return parseStatement(statement, path, kind);
  });
  return { document, statements };
}

function parseStatement(statement: JsonObject, path: string, kind: 'trust' | 'permissions'): Statement {
  const stranger = Object.keys(statement).find((key) => !MEMBERS.includes(key));
  if (stranger !== undefined) {
    throw new Refused('INVALID', `${path}.${stranger} is not evaluated here; known: ${MEMBERS.join(', ')}.`);
  }
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new Refused('INVALID', `${path}.Effect must be Allow or Deny.`);
  return {
    effect,
    actions: texts(statement['Action'], `${path}.Action`),
    resources: kind === 'trust' ? ['*'] : texts(statement['Resource'], `${path}.Resource`),
    principals: kind === 'trust' ? parsePrincipals(statement['Principal'], `${path}.Principal`) : null,
    conditions: parseConditions(statement['Condition'], `${path}.Condition`),
  };
}

function parsePrincipals(principal: unknown, path: string): string[] {
  if (principal === '*') return ['*'];
  if (!isObject(principal)) throw new Refused('INVALID', `${path} must be "*" or an object such as {"AWS": "…"}.`);
  return principal['AWS'] === undefined ? [] : texts(principal['AWS'], `${path}.AWS`);
}

function parseConditions(condition: unknown, path: string): Condition[] {
  if (condition === undefined) return [];
  if (!isObject(condition)) throw new Refused('INVALID', `${path} must be an object.`);
  return Object.entries(condition).flatMap(([operator, keys]) => {
    if (!(operator.toLowerCase() in OPERATORS) || !isObject(keys)) {
      throw new Refused('INVALID', `${path}.${operator} is not evaluated here.`);
    }
    return Object.entries(keys).map(([key, values]) => ({
      operator: operator.toLowerCase(),
      key: key.toLowerCase(),
      values: texts(values, `${path}.${operator}.${key}`),
    }));
  });
}

function texts(value: unknown, path: string): string[] {
  const all = Array.isArray(value) ? value : [value];
  if (!all.every((one) => typeof one === 'string'))
    throw new Refused('INVALID', `${path} must be a text or a list of texts.`);
  return all;
}

/** IAM's rule: an explicit Deny wins, then an Allow, and nothing means no. */
export function evaluate(policy: Policy, request: AccessRequest): 'Allow' | 'ExplicitDeny' | 'ImplicitDeny' {
  const applying = policy.statements.filter((statement) => applies(statement, request));
  if (applying.some((statement) => statement.effect === 'Deny')) return 'ExplicitDeny';
  return applying.length > 0 ? 'Allow' : 'ImplicitDeny';
}

function applies(statement: Statement, request: AccessRequest): boolean {
  const { principals } = statement;
  if (principals !== null && !(request.principal && principals.some((one) => names(one, request.principal as Caller))))
    return false;
  return (
    statement.actions.some((pattern) => like(pattern.toLowerCase(), request.action.toLowerCase())) &&
    statement.resources.some((pattern) => like(pattern, request.resource)) &&
    statement.conditions.every(
      ({ operator, key, values }) => OPERATORS[operator]?.(request.context[key], values) === true,
    )
  );
}

/** `123…`, `arn:aws:iam::123…:root`: every principal of the account; a user's, role's or session's ARN: that one. */
function names(principal: string, caller: Caller): boolean {
  if (principal === '*') return true;
  if (principal === caller.accountId || principal === `arn:aws:iam::${caller.accountId}:root`) return true;
  return principal === caller.arn || (caller.roleArn !== null && principal === caller.roleArn);
}

/** `*` is any text, `?` any one character. */
export function like(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}
