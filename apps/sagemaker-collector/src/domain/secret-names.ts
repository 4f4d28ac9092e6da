/**
 * What a name says of its value. SECRET: a credential, whatever the value looks like. SUSPECT: a credential if the value looks random.
 * NONE: nothing.
 */
export type NameSays = 'SECRET' | 'SUSPECT' | 'NONE';

const SECRET_WORDS = new Set(
  'password passwords passwd passwort passphrase pwd secret secrets credential credentials creds apikey apikeys privatekey secretkey accesskey authtoken accesstoken refreshtoken sessiontoken clientsecret connectionstring connstr dsn bearer authorization htpasswd pgpassword'.split(
    ' ',
  ),
);
/** A key that opens something; a `primary_key` or `shuffle_key` does not. */
const OPENING = new Set(
  'api access private secret encryption encrypt signing ssh account service master storage shared subscription license deploy webhook wandb comet neptune openai anthropic hf azure aws gcp google github gitlab slack stripe'.split(
    ' ',
  ),
);
/** What tokenizers call by the same word. */
const TEXT_TOKENS = new Set(
  'pad eos bos unk sep cls mask special stop start end next prev per max min num first last each forced decoder image target source prefix suffix separator'.split(
    ' ',
  ),
);
const HAS_PASS = new Set(
  'db database user smtp mysql mongo redis pg postgres admin root api ftp mq broker ldap'.split(' '),
);
const SUSPECT_WORDS = new Set(
  'key keys token auth sig signature login session cookie cert certificate pat salt'.split(' '),
);
/** `token_type`, `secret_arn`, `password_length`: said of a secret, and none. */
const ABOUT = new Set(
  'type types arn name id ids length len file path dim dims size count method mode format version provider'.split(' '),
);

/** `dbPassword`, `DB_PASSWORD`, `db-password` and `db.password` are the same words. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

export function nameSays(name: string): NameSays {
  const words = wordsOf(name);
  const last = words.at(-1) ?? '';
  const about = ABOUT.has(last) && !(last === 'id' && words.at(-2) === 'key');
  const isSecret = words.some((word, index) => isSecretWord(word, words[index - 1] ?? '', words.length === 1));
  if (isSecret) return about ? 'SUSPECT' : 'SECRET';
  return words.some((word) => SUSPECT_WORDS.has(word)) ? 'SUSPECT' : 'NONE';
}

function isSecretWord(word: string, before: string, alone: boolean): boolean {
  if (SECRET_WORDS.has(word)) return true;
  if (word === 'key' || word === 'keys') return OPENING.has(before);
  if (word === 'token') return !TEXT_TOKENS.has(before);
  if (word === 'pass') return HAS_PASS.has(before) || alone;
  if (word === 'auth') return alone || ['basic', 'http', 'redis', 'proxy'].includes(before);
  return word === 'string' && ['connection', 'conn'].includes(before);
}
