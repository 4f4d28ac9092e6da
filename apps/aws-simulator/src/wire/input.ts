import type { JsonObject } from '../domain/json';
import { validationError } from '../domain/refused';

/** Reads the members of a request and refuses them in AWS's words. */
const failed = (value: unknown, member: string, constraint: string): never => {
  const field = member.charAt(0).toLowerCase() + member.slice(1);
  throw validationError(
    `1 validation error detected: Value '${String(value)}' at '${field}' failed to satisfy constraint: ${constraint}`,
  );
};

export function textIn(input: JsonObject, member: string, o: { pattern?: RegExp; max?: number } = {}): string | null {
  const value = input[member];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') return failed(value, member, 'Member must be a string');
  if (o.max !== undefined && value.length > o.max) {
    return failed(value, member, `Member must have length less than or equal to ${o.max}`);
  }
  if (o.pattern && !o.pattern.test(value)) {
    return failed(value, member, `Member must satisfy regular expression pattern: ${o.pattern.source}`);
  }
  return value;
}

export function requiredText(input: JsonObject, member: string): string {
  const value = textIn(input, member);
  return value === null || value === '' ? failed('null', member, 'Member must not be null') : value;
}

export function integerIn(input: JsonObject, member: string, o: { min: number; max: number }): number | null {
  const value = input[member];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value)) return failed(value, member, 'Member must be an integer');
  if (value < o.min) return failed(value, member, `Member must have value greater than or equal to ${o.min}`);
  if (value > o.max) return failed(value, member, `Member must have value less than or equal to ${o.max}`);
  return value;
}

export function enumIn<T extends string>(input: JsonObject, member: string, allowed: readonly T[]): T | null {
  const value = input[member];
  if (value === undefined || value === null) return null;
  return allowed.includes(value as T)
    ? (value as T)
    : failed(value, member, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
}

/** Epoch seconds on the wire; milliseconds here. */
export function timeIn(input: JsonObject, member: string): number | null {
  const value = input[member];
  if (value === undefined || value === null) return null;
  return typeof value === 'number' ? Math.round(value * 1000) : failed(value, member, 'Member must be a timestamp');
}
