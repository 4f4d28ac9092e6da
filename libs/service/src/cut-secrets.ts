import { pino } from 'pino';

/** Names of fields that are never written, without case, `_` and `-`: these, and every name that ends in one of them. */
const SECRET_NAME =
  /(password|authorization|cookie|secret|token|pepper|apikey|firstkey|secretaccesskey|credentials?|externalid|payload)$/;
/** Secrets that can be told by their form stand in sentences too: API keys, external ids, the password in a URL. */
const IN_TEXT: [RegExp, string][] = [
  [/\b(ak_(?:live|test)_|aud_ext_)\w+/g, '$1[cut]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi, '$1:[cut]@'],
];
const DEPTH_MAX = 16;
const CUT = '[cut]';

/** A copy fit for a log: at any depth, what has a secret's name or form is replaced by `[cut]`. Errors become plain objects. */
export function cutSecrets(value: unknown): unknown {
  return copy(value, []);
}

function copy(value: unknown, above: object[]): unknown {
  if (typeof value === 'string') return cutInText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (above.includes(value)) return '[circular]';
  if (above.length >= DEPTH_MAX) return '[too deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const inside = [...above, value];
  if (Array.isArray(value)) return value.map((item) => copy(item, inside));
  if (value instanceof Error) return fields(pino.stdSerializers.err(value), inside);
  if ('toJSON' in value && typeof value.toJSON === 'function') return copy((value.toJSON as () => unknown)(), inside);
  return fields(value, inside);
}

function fields(value: object, inside: object[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, isSecretName(name) ? CUT : copy(field, inside)]),
  );
}

const isSecretName = (name: string): boolean => SECRET_NAME.test(name.replace(/[_-]/g, '').toLowerCase());

const cutInText = (text: string): string =>
  IN_TEXT.reduce((cut, [pattern, replacement]) => cut.replace(pattern, replacement), text);
