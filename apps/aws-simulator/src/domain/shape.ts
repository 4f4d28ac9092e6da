import type { Json, JsonObject } from './json';
import { Refused } from './refused';

/** Reads one value of an admin command: gives it its type, or refuses it and says where it stands. */
export type Check<T> = (value: unknown, path: string) => T;

const refuse = (path: string, expected: string): never => {
  throw new Refused('INVALID', `${path} must be ${expected}.`);
};

export const text: Check<string> = (value, path) =>
  typeof value === 'string' && value !== '' ? value : refuse(path, 'a text that is not empty');

/** Resource names as SageMaker allows them. */
export const resourceName: Check<string> = (value, path) =>
  typeof value === 'string' && /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(value)
    ? value
    : refuse(path, 'a resource name: at most 63 letters, digits and hyphens, no hyphen at either end');

export const flag: Check<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false');

export const numberBetween =
  (min: number, max: number): Check<number> =>
  (value, path) =>
    typeof value === 'number' && value >= min && value <= max ? value : refuse(path, `a number from ${min} to ${max}`);

export const integerBetween =
  (min: number, max: number): Check<number> =>
  (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : refuse(path, `a whole number from ${min} to ${max}`);

/** A finite number, or the texts that JSON needs for the others. */
export const metricValue: Check<number | 'NaN' | 'Infinity' | '-Infinity'> = (value, path) =>
  (typeof value === 'number' && Number.isFinite(value)) ||
  value === 'NaN' ||
  value === 'Infinity' ||
  value === '-Infinity'
    ? value
    : refuse(path, 'a number, "NaN", "Infinity" or "-Infinity"');

/** RFC 3339 in, milliseconds since 1970 out. */
export const instant: Check<number> = (value, path) => {
  const ms = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? refuse(path, 'a time as 2026-03-02T11:00:00.000Z') : ms;
};

export const oneOf =
  <const T extends string>(...allowed: T[]): Check<T> =>
  (value, path) =>
    allowed.includes(value as T) ? (value as T) : refuse(path, `one of ${allowed.join(', ')}`);

export const list =
  <T>(item: Check<T>): Check<T[]> =>
  (value, path) =>
    Array.isArray(value) ? value.map((one, index) => item(one, `${path}[${index}]`)) : refuse(path, 'a list');

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const object: Check<JsonObject> = (value, path) => (isObject(value) ? value : refuse(path, 'an object'));

export const anything: Check<Json> = (value) => value as Json;

export const record =
  <T>(item: Check<T>): Check<Record<string, T>> =>
  (value, path) =>
    Object.fromEntries(
      Object.entries(object(value, path)).map(([key, one]): [string, T] => [key, item(one, `${path}.${key}`)]),
    );

export const tagMap = record<string>((value, path) =>
  typeof value === 'string' && value.length <= 256 ? value : refuse(path, 'a text of at most 256 characters'),
);

export const optional =
  <T>(check: Check<T>): Check<T | undefined> =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

type Fields = Record<string, Check<unknown>>;
export type Shaped<F extends Fields> = { [K in keyof F]: F[K] extends Check<infer T> ? T : never };

/** An object with these members and no others, so that a misspelt member is not ignored. */
export const shape =
  <F extends Fields>(fields: F): Check<Shaped<F>> =>
  (value, path) => {
    const members = object(value, path);
    const stranger = Object.keys(members).find((key) => !(key in fields));
    if (stranger !== undefined) {
      throw new Refused('INVALID', `${path}.${stranger} is unknown; known here: ${Object.keys(fields).join(', ')}.`);
    }
    return Object.fromEntries(
      Object.entries(fields).map(([key, check]) => [key, check(members[key], `${path}.${key}`)]),
    ) as Shaped<F>;
  };
