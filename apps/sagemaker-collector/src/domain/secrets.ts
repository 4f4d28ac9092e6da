/** Names and values that look like credentials. A false alarm costs a value in the event; a miss would write a secret into a ledger that forgets nothing. */
const SECRET_NAME =
  /(passw|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential|auth|passphrase|connection[-_]?string|dsn\b)/i;
const SECRET_VALUE = [
  /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(ghp|gho|ghs|github_pat|glpat|xox[abprs]|sk|pk|rk|hf|ak_live|ak_test)[-_][A-Za-z0-9_-]{16,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\./,
  /:\/\/[^/\s:@]+:[^/\s@]+@/,
];

export const looksSecret = (name: string, value: string): boolean =>
  SECRET_NAME.test(name) || SECRET_VALUE.some((pattern) => pattern.test(value));

/** HMAC of the value under a salt that stays in this process: the same secret can be recognised within one event, and nothing be guessed. */
export type Commit = (value: string) => string;

export interface Shown {
  values: Record<string, string>;
  committed: string[];
}

/** Values that look secret are replaced before anything leaves this process; `all`: every value is (environments). */
export function hideSecrets(values: Record<string, string>, commit: Commit, all = false): Shown {
  const shown: Shown = { values: {}, committed: [] };
  for (const [name, value] of Object.entries(values)) {
    const hide = all || looksSecret(name, value);
    shown.values[name] = hide ? commit(value) : value;
    if (hide) shown.committed.push(name);
  }
  return shown;
}

/** `--api-key VALUE` and `--api-key=VALUE`: what follows a name that looks secret is hidden too. */
export function hideArguments(args: string[] | undefined, commit: Commit): string[] | null {
  if (!args) return null;
  return args.map((argument, index) => {
    const [, name, value] = /^(-{1,2}[^=\s]+)=(.+)$/s.exec(argument) ?? [];
    if (name !== undefined && value !== undefined) return `${name}=${looksSecret(name, value) ? commit(value) : value}`;
    const before = args[index - 1] ?? '';
    return looksSecret(before.startsWith('-') ? before : '', argument) ? commit(argument) : argument;
  });
}

/** Free text, such as a failure's reason, in which only what has the form of a credential is replaced. */
export const hideInText = (text: string | undefined, commit: Commit): string | null =>
  text === undefined
    ? null
    : SECRET_VALUE.reduce(
        (hidden, pattern) => hidden.replaceAll(new RegExp(pattern, 'g'), (found) => commit(found)),
        text,
      );
