import type { Json, JsonObject } from '@audital/contracts';
import { nameSays } from './secret-names';
import { ASSIGNMENTS, awsSecretKeys, isHarmless, looksRandom, SECRET_FORMS, SIGNED_PARAMETER } from './secret-patterns';

/** HMAC of the value under a salt that stays in this process: the same secret can be recognised within one event, and nothing be guessed. */
export type Commit = (value: string) => string;

export interface Shown {
  values: Record<string, string>;
  committed: string[];
}

/** What stands in the place of a secret begins so. */
const COMMITTED = 'committed:';
const isCommitment = (value: string): boolean => /^committed:[\w:-]+$/.test(value);

/** JSON in a text is looked through to this depth; what lies deeper is looked at as text. */
const DEPTH_MAX = 64;

/** Whether a value of this name is a credential, or holds one. A miss would write a secret into a ledger that forgets nothing. */
export const looksSecret = (name: string, value: string): boolean => hideValue(name, value, () => COMMITTED) !== value;

/** Values that look secret are replaced before anything leaves this process; `all`: every value is (environments). */
export function hideSecrets(values: Record<string, string>, commit: Commit, all = false): Shown {
  const shown = Object.entries(values).map(([name, value]) => ({
    name,
    value,
    hidden: all ? commit(value) : hideValue(name, value, commit),
  }));
  return {
    values: Object.fromEntries(shown.map(({ name, hidden }) => [name, hidden])),
    committed: shown.filter(({ value, hidden }) => hidden !== value).map(({ name }) => name),
  };
}

/** The value of a name that the customer chose. A credential is replaced whole; of a text that holds one, only what it holds. */
export const hideValue = (name: string, value: string, commit: Commit): string =>
  isSecret(name, unquoted(value)) ? commit(value) : hideText(value, commit);

function isSecret(name: string, value: string): boolean {
  if (isHarmless(value) || isCommitment(value)) return false;
  const says = nameSays(name);
  // `new_token=512` counts tokens, whatever the rest of its name is.
  if (says === 'SECRET') return !(/token/i.test(name) && /^[\d.,]{1,8}$/.test(value));
  return says === 'SUSPECT' && looksRandom(value);
}

/** SageMaker's SDK writes hyper-parameters as JSON: `"\"6\""`. */
const unquoted = (value: string): string => /^"(.*)"$/s.exec(value)?.[1] ?? value;

/** A text: JSON is looked through as what it says, everything by forms and assignments. */
export function hideText(text: string, commit: Commit): string {
  if (isCommitment(text)) return text;
  const parsed = parseStructure(text);
  if (parsed === undefined) return hideForms(text, commit);
  const hidden = JSON.stringify(hideInJson(parsed, commit));
  // What holds no secret stays as it was written, blanks and all; names that stand there twice were parsed once.
  return hideForms(hidden === JSON.stringify(parsed) ? text : hidden, commit);
}

/** As `hideText`; null where there is none. */
export const hideInText = (text: string | undefined, commit: Commit): string | null =>
  text === undefined ? null : hideText(text, commit);

/** The arguments of a container: `--api-key VALUE` and `--api-key=VALUE`. */
export const hideArguments = (args: string[] | undefined, commit: Commit): string[] | null =>
  args
    ? args.map((argument, index) => hideValue(optionBefore(args[index - 1], argument) ?? '', argument, commit))
    : null;

/** Undefined: the text is no JSON object, list or string, or one that is too deep. */
function parseStructure(text: string): Json | undefined {
  if (!/^\s*["{[]/.test(text) || deepestOf(text) > DEPTH_MAX) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function deepestOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** JSON whose names the customer chose. In lists of arguments, `--password` says what the next one is. */
function hideInJson(value: Json, commit: Commit, name = ''): Json {
  if (typeof value === 'string') return hideValue(name, value, commit);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return isSecret(name, String(value)) ? commit(String(value)) : value;
  if (nameSays(name) === 'SECRET') return commit(JSON.stringify(value));
  if (Array.isArray(value)) return hideInList(value, (item, option) => hideInJson(item, commit, option ?? name));
  const named = nameInPair(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      hideText(key, commit),
      hideInJson(member, commit, named !== null && /^value$/i.test(key) ? named : key),
    ]),
  );
}

/** `{ name: NAME, value: VALUE }`, as lists of variables and tags have it. */
function nameInPair(value: JsonObject): string | null {
  const named = Object.entries(value).find(
    ([key, member]) => /^(?:name|key)$/i.test(key) && typeof member === 'string',
  );
  return (named?.[1] as string | undefined) ?? null;
}

function hideInList(list: Json[], hide: (item: Json, option: string | null) => Json): Json[] {
  return list.map((item, index) => hide(item, optionBefore(list[index - 1], item)));
}

/** `--name` before a value that is no option itself. */
function optionBefore(before: Json | undefined, item: Json): string | null {
  if (typeof before !== 'string' || typeof item !== 'string' || item.startsWith('--')) return null;
  return /^--?([A-Za-z][\w.-]*)$/.exec(before)?.[1] ?? null;
}

function hideForms(text: string, commit: Commit): string {
  const once = (found: string): string => (found.includes(COMMITTED) ? found : commit(found));
  let hidden = text;
  for (const form of [...SECRET_FORMS, SIGNED_PARAMETER])
    hidden = hidden.replace(form, (match: string, ...groups: unknown[]) => {
      const [secret] = groups;
      return typeof secret === 'string' ? match.replace(secret, () => once(secret)) : once(match);
    });
  for (const assignment of ASSIGNMENTS) hidden = hideAssigned(hidden, assignment, commit);
  for (const key of awsSecretKeys(hidden)) hidden = hidden.replaceAll(key, () => commit(key));
  return hidden;
}

/** The search goes on behind a secret, and inside of what is none: `url=https://host/?password=x`. */
function hideAssigned(text: string, { form, rest }: (typeof ASSIGNMENTS)[number], commit: Commit): string {
  const pattern = new RegExp(form);
  let hidden = '';
  let done = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const { name = '', bare } = found.groups ?? {};
    const [start, quoteAt] = valueOf(found);
    if (isSecret(name, text.slice(start, quoteAt))) {
      const end = bare === undefined ? quoteAt : endOfRun(text, rest, quoteAt);
      hidden += text.slice(done, start) + commit(text.slice(start, end));
      done = end;
      pattern.lastIndex = end;
    } else {
      pattern.lastIndex = Math.max(start, found.index + 1);
    }
  }
  return hidden + text.slice(done);
}

/** Where the value begins and ends, without its quotes. */
function valueOf(found: RegExpExecArray): [number, number] {
  const groups = found.indices?.groups ?? {};
  const value = ['double', 'single', 'escaped', 'braced', 'bare']
    .map((kind) => groups[kind])
    .find((place) => place !== undefined);
  return value ?? [found.index + found[0].length, found.index + found[0].length];
}

function endOfRun(text: string, run: RegExp, from: number): number {
  const pattern = new RegExp(run);
  pattern.lastIndex = from;
  return from + (pattern.exec(text)?.[0].length ?? 0);
}

/** Members of a payload that hold names of the customer's own. */
const OWN_NAMES = new Set(['hyperParameters', 'environment', 'tagsAtCapture']);
/** By these events and models are told apart, so they stay; AWS's alphabet of names leaves little room for a secret. */
const IDENTITY = new Set(['modelIdentity']);

/**
 * A payload as it may leave this process: whatever looks like a credential, in whatever member, is a commitment, and `secretsCommitted`
 * has the RFC 6901 pointer to each text that was changed.
 */
export function withoutSecrets(payload: JsonObject, commit: Commit): JsonObject {
  const { secretsCommitted: before, ...members } = payload;
  const shown = Object.fromEntries(
    Object.entries(members).map(([key, member]) => [key, IDENTITY.has(key) ? member : hideMember(key, member, commit)]),
  );
  return withPointers(shown, before !== undefined);
}

/** Says anew where commitments stand: shortening may have taken some away. `always`: also that there are none. */
export function withPointers(payload: JsonObject, always = false): JsonObject {
  const { secretsCommitted: _before, ...members } = payload;
  const committed = pointersOf(members, '');
  return committed.length > 0 || always ? { ...members, secretsCommitted: committed } : members;
}

/** Where names are ours or AWS's, only the texts are looked at. */
function hideMember(key: string, value: Json, commit: Commit): Json {
  if (OWN_NAMES.has(key)) return hideInJson(value, commit);
  if (typeof value === 'string') return hideText(value, commit);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return hideInList(value, (item, option) =>
      option !== null && typeof item === 'string' ? hideValue(option, item, commit) : hideMember('', item, commit),
    );
  const named = nameInPair(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      named !== null && /^value$/i.test(name) && typeof member === 'string'
        ? hideValue(named, member, commit)
        : hideMember(name, member, commit),
    ]),
  );
}

function pointersOf(value: Json, pointer: string): string[] {
  if (typeof value === 'string') return value.includes(COMMITTED) ? [pointer] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const below = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return key.includes(COMMITTED) ? [below] : pointersOf(member, below);
  });
}
