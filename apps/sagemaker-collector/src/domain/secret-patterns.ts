/** Texts that are credentials by their form, wherever they stand. The first group is the secret; without one, the whole match is. */
export const SECRET_FORMS: readonly RegExp[] = [
  // Private keys, with line breaks as they are or written as \n; without an end, all that follows.
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/g,
  // AWS: access key ids, session tokens.
  /(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/g,
  /(?<![A-Za-z0-9])(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[A-Za-z0-9/+=]{40,4000}/g,
  // Code hosts and registries: GitHub, GitLab, npm, PyPI, Docker.
  /(?<![A-Za-z0-9])gh[opsur]_[A-Za-z0-9]{20,255}/g,
  /(?<![A-Za-z0-9])github_pat_[A-Za-z0-9_]{20,255}/g,
  /(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|soat)-[A-Za-z0-9_-]{20,255}/g,
  /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/g,
  /(?<![A-Za-z0-9])pypi-AgE[A-Za-z0-9_-]{20,500}/g,
  /(?<![A-Za-z0-9])dckr_pat_[A-Za-z0-9_-]{20,100}/g,
  // Slack, Discord.
  /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10,255}/g,
  /(?<![A-Za-z0-9])xapp-[A-Za-z0-9-]{10,255}/g,
  /hooks\.slack\.com\/(?:services|workflows)\/(?!committed:)([A-Za-z0-9/]{1,200})/g,
  /discord(?:app)?\.com\/api\/webhooks\/(\d{5,25}\/[A-Za-z0-9_-]{1,200})/g,
  // Payments and mail: Stripe, SendGrid, Mailgun, Twilio.
  /(?<![A-Za-z0-9])[srp]k_(?:live|test)_[A-Za-z0-9]{10,255}/g,
  /(?<![A-Za-z0-9])whsec_[A-Za-z0-9+/=_-]{16,255}/g,
  /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}/g,
  /(?<![A-Za-z0-9])key-[0-9a-f]{32}(?![A-Za-z0-9])/g,
  /(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])/g,
  // Google, Azure, DigitalOcean, HashiCorp.
  /(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}/g,
  /(?<![A-Za-z0-9])ya29\.[0-9A-Za-z_-]{20,2000}/g,
  /(?<![A-Za-z0-9])GOCSPX-[0-9A-Za-z_-]{20,64}/g,
  /(?<![A-Za-z0-9])1\/\/0[0-9A-Za-z_-]{30,200}/g,
  /(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/=]{20,200})/gi,
  /(?<![A-Za-z0-9])do[opr]_v1_[a-f0-9]{64}/g,
  /(?<![A-Za-z0-9])hv[sbr]\.[A-Za-z0-9_-]{20,300}/g,
  // Machine learning: Hugging Face, OpenAI, Anthropic, Databricks, and Audital's own keys.
  /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,100}/g,
  /(?<![A-Za-z0-9-])sk-(?:(?:proj|svcacct|admin|ant-[a-z]+\d\d|ant|or-v1)-[A-Za-z0-9_-]{20,300}|[A-Za-z0-9]{20,100})/g,
  /(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?:-\d)?/g,
  /(?<![A-Za-z0-9])ak_(?:live|test)_[A-Za-z0-9]{20,64}/g,
  // JSON Web Tokens, signed or not; Telegram bots.
  /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,8000}(?:\.[A-Za-z0-9_-]*){1,4}\.[A-Za-z0-9_-]*/g,
  /(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{33}/g,
  // The password of a URL, up to its last @; a port and a path are none. A long user without a password is a token.
  /(?<=[a-z0-9]:\/\/[^\s:/?#@"'<>]{0,256}:)(?!\d{2,5}\/)([^\s"'<>]{1,512})(?=@[\w.[\]-])/gi,
  /(?<=[a-z0-9]:\/\/)([A-Za-z0-9_.~%-]{16,512})(?=@[\w.[\]-])/gi,
  // A text may have been cut off (AWS shortens reasons): then the address ends before its @, and a token before its length.
  /(?<=[a-z0-9]:\/\/[^\s:/?#@"'<>]{0,256}:)(?!\d{1,5}(?:[?#]|$))([^\s"'<>/@]{1,512})@?$/gi,
  /(?<![A-Za-z0-9])(?:gh[opsur]_|github_pat_|gl(?:pat|dt|rt)-|npm_|hf_|dapi|sk-proj-|sk-ant-|xox[abeoprs]-|[srp]k_(?:live|test)_|ak_(?:live|test)_|AKIA|ASIA|AIza|ya29\.|IQoJb3JpZ2lu|hv[sbr]\.)[A-Za-z0-9_/+=.-]{4,4000}$/g,
  /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,8000}(?:\.[A-Za-z0-9_-]*)?$/g,
  // Headers.
  /(?<![A-Za-z])bearer\s+([A-Za-z0-9._~+/=-]{12,4000})/gi,
  /(?<![A-Za-z])authorization["']?\s*[:=]\s*["']?(?:[A-Za-z]+\s+)?([^\s"',;]{4,4000})/gi,
  // curl's -u user:password.
  /(?<![\w-])-u\s+["']?[^\s:"']{1,100}:([^\s"']{1,200})/g,
];

const QUOTE = String.raw`\\{0,7}["']`;
/** In quotes, in quotes of a text that stands in quotes itself, in the braces of ODBC, or up to a blank. Quotes may be cut off with their text. */
const VALUE = String.raw`(?:"(?<double>(?:[^"\\]|\\[\s\S])*)(?:"|\\?$)|'(?<single>(?:[^'\\]|\\[\s\S])*)(?:'|\\?$)|(?<escape>\\{1,7}["'])(?<escaped>[\s\S]*?)(?:\k<escape>|$)|\{(?<braced>[^{}"'\\]{1,256})\}|(?<bare>(?![{[(]\s*${QUOTE})[^\s,;&"'-][^\s,;&"']{0,255}))`;
const ANYWHERE_BUT_IN_AN_ARN = String.raw`(?<![\w.-])(?<!arn:aws[^\s"',]{0,200})`;

/**
 * `name=value`, `name: value`, `"name": "value"`, `x["name"] = "value"`, `name[0] = value`; `--name value`, `"--name", "value"`;
 * `"name": "NAME", "value": "VALUE"` as lists of variables have it; `<name>value</name>`. A bare value goes on as `REST` says: in an
 * assignment to the next comma, behind an option to the next blank, in an element to its end.
 */
export const ASSIGNMENTS: readonly { form: RegExp; rest: RegExp }[] = [
  {
    form: new RegExp(
      `${ANYWHERE_BUT_IN_AN_ARN}(?:--?)?(?<quote>${QUOTE})?(?<name>[A-Za-z_][\\w.-]{0,99})\\k<quote>(?:\\]|\\[\\w{0,40}\\])?\\s{0,8}(?:=>|=|:)\\s{0,8}${VALUE}`,
      'dg',
    ),
    rest: /[^\s,;&"']*/y,
  },
  {
    form: new RegExp(
      `${ANYWHERE_BUT_IN_AN_ARN}--?(?<name>[A-Za-z][\\w.-]{0,99})(?:\\s{1,8}|${QUOTE}\\s{0,4},\\s{0,4}(?=${QUOTE}))${VALUE}`,
      'dg',
    ),
    rest: /[^\s"']*/y,
  },
  {
    form: new RegExp(
      `(?<![\\w.-])(?:name|key)(?:${QUOTE})?\\s{0,4}[:=]\\s{0,4}(?:${QUOTE})?(?<name>[A-Za-z_][\\w.-]{0,99})(?:${QUOTE})?[\\s,;]{1,40}(?:${QUOTE})?value(?:${QUOTE})?\\s{0,4}[:=]\\s{0,4}${VALUE}`,
      'dgi',
    ),
    rest: /[^\s,;&"']*/y,
  },
  { form: /<(?<name>[A-Za-z_][\w.:-]{0,99})(?:\s[^<>]{0,200})?>(?<bare>[^<]+)/dg, rest: /[^<]*/y },
];

/** Parameters of signed addresses: who holds the address may read what it points to. */
export const SIGNED_PARAMETER =
  /(?<=[?&](?:X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-(?:Signature|Credential)|Signature|AWSAccessKeyId|sig|access_token)=)[^&#\s"'<>]{1,4000}/gi;

const AWS_SECRET = /(?<![A-Za-z0-9/+._-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=._-])/g;

/** Forty characters of base64 that are no digest, no path and no words: a secret access key of AWS has no other mark. */
export const awsSecretKeys = (text: string): string[] =>
  (text.match(AWS_SECRET) ?? []).filter(
    (found) =>
      [/[a-z]/g, /[A-Z]/g].every((kind) => (found.match(kind) ?? []).length >= 3) &&
      /[0-9/+]/.test(found) &&
      entropyBits(found) >= 4.2,
  );

/** Shannon entropy of its characters, bits for each of them. */
export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const ADDRESS = /^(?:arn:aws|s3:\/\/|https?:\/\/|file:\/\/|\/)/;
const DIGEST = /^(?:sha256|sha512|sha1|md5):[0-9a-f]+$/i;

/** At least sixteen characters without a space, of several kinds or all hexadecimal, that neither say nor name anything. */
export function looksRandom(value: string): boolean {
  if (value.length < 16 || /\s/.test(value)) return false;
  if ([UUID, NUMBER, ADDRESS, DIGEST].some((known) => known.test(value))) return false;
  if (/^[0-9a-f]+$/i.test(value)) return value.length >= 32;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return kinds >= 3 && entropyBits(value) >= 3.2;
}

/** What even a secret's name does not make one: a switch, nothing, a mark in a text, or where something is kept. */
export const isHarmless = (value: string): boolean =>
  /^(?:|true|false|yes|no|on|off|none|null|nil|undefined|nan|-?inf(?:inity)?|required|optional|enabled|disabled)$/i.test(
    value,
  ) ||
  /^arn:aws[\w-]*:[^\s?]*$/.test(value) ||
  /^s3:\/\/[^\s?@]*$/.test(value) ||
  /^(?:<[^<>]{1,40}>|\[[A-Z_]{1,40}\]|\*+)$/.test(value) ||
  /^\$\{?[A-Za-z_][\w.:-]*\}?$/.test(value);
