/** A credential as customers leave it lying about: `secret` is what must not be seen anywhere, `value` what a setting called `name` holds. */
export interface PlantedSecret {
  kind: string;
  name: string;
  value: string;
  secret: string;
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const ALNUM = UPPER + LOWER + DIGITS;
const BASE64 = `${ALNUM}+/`;
const BASE64URL = `${ALNUM}_-`;
const HEX = '0123456789abcdef';
const PASSWORD = `${ALNUM}!#$%*+^~._-`;

type Draw = (alphabet: string, length: number) => string;

/** The same seed gives the same characters, everywhere: a 32-bit mixer (mulberry32). */
function drawing(seed: number): Draw {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (alphabet, length) => Array.from({ length }, () => alphabet[next() % alphabet.length] as string).join('');
}

/** Passwords begin with a letter: a leading dash or dot would make an option or a path of them. */
const password = (draw: Draw): string => draw(ALNUM, 1) + draw(PASSWORD, 13) + draw(ALNUM, 2);

const forms: [kind: string, make: (draw: Draw) => string][] = [
  ['AWS access key id', (draw) => `AKIA${draw(UPPER + '234567', 16)}`],
  ['AWS temporary key id', (draw) => `ASIA${draw(UPPER + '234567', 16)}`],
  ['AWS secret access key', (draw) => `aB3/${draw(BASE64, 34)}Zq`],
  ['AWS session token', (draw) => `IQoJb3JpZ2lu${draw(BASE64, 180)}==`],
  ['GitHub token', (draw) => `ghp_${draw(ALNUM, 36)}`],
  ['GitHub fine-grained token', (draw) => `github_pat_${draw(ALNUM, 22)}_${draw(ALNUM, 59)}`],
  ['GitLab token', (draw) => `glpat-${draw(BASE64URL, 20)}`],
  ['Slack bot token', (draw) => `xoxb-${draw(DIGITS, 12)}-${draw(DIGITS, 12)}-${draw(ALNUM, 24)}`],
  ['Stripe key', (draw) => `sk_live_${draw(ALNUM, 24)}`],
  ['Google API key', (draw) => `AIza${draw(BASE64URL, 35)}`],
  ['Google access token', (draw) => `ya29.${draw(BASE64URL, 60)}`],
  ['Hugging Face token', (draw) => `hf_${draw(ALNUM, 34)}`],
  ['OpenAI key', (draw) => `sk-proj-${draw(BASE64URL, 48)}`],
  ['Databricks token', (draw) => `dapi${draw(HEX, 32)}`],
  ['npm token', (draw) => `npm_${draw(ALNUM, 36)}`],
  ['Audital key', (draw) => `ak_live_${draw(ALNUM, 38)}`],
  ['JWT', (draw) => `eyJ${draw(ALNUM, 20)}.eyJ${draw(BASE64URL, 60)}.${draw(BASE64URL, 43)}`],
];

/** Where such a token may stand, whatever its form. */
const places: [place: string, put: (secret: string) => string][] = [
  ['by itself', (secret) => secret],
  ['in a sentence', (secret) => `could not log in with ${secret}, giving up after 3 tries`],
  ['in JSON', (secret) => JSON.stringify({ epochs: 3, note: secret, nested: { list: ['a', secret] } })],
  ['in JSON in JSON', (secret) => JSON.stringify(JSON.stringify({ optimiser: { name: 'adam', x: secret } }))],
  ['in a command', (secret) => `python train.py --epochs 3 --tracker ${secret} --lr 0.1`],
];

/** What is a secret by where it stands. */
const situations: [kind: string, name: string, make: (secret: string) => string][] = [
  ['password by its name', 'db_password', (secret) => secret],
  ['password by its name, in JSON of the SDK', 'dbPassword', (secret) => JSON.stringify(secret)],
  [
    'password of a URL',
    'tracking_url',
    (secret) => `postgresql://svc_train:${encodeURIComponent(secret)}@db:5432/features`,
  ],
  ['password of a URL, not encoded', 'broker', (secret) => `amqps://svc:${secret}@p@ss@mq.internal:5671/vhost`],
  ['password without a user', 'cache', (secret) => `redis://:${secret}@cache.internal:6379/0`],
  ['connection string', 'source', (secret) => `Server=tcp:db,1433;User ID=svc;Password=${secret};Encrypt=true`],
  ['JDBC address', 'source', (secret) => `jdbc:postgresql://db/x?user=svc&password=${secret}&ssl=true`],
  ['option and value', 'entry', (secret) => `python -m train --user svc --password ${secret} --epochs 2`],
  ['option with =', 'entry', (secret) => `train --api-key=${secret} --epochs 2`],
  ['quoted option', 'entry', (secret) => `train --client-secret "${secret}" --epochs 2`],
  ['exported variable', 'sagemaker_program', (secret) => `export DB_PASSWORD=${secret} && python train.py`],
  [
    'list of arguments',
    'sagemaker_args',
    (secret) => JSON.stringify(['--user', 'svc', '--passwd', secret, '--epochs', '2']),
  ],
  ['member of JSON', 'config', (secret) => JSON.stringify({ db: { user: 'svc', password: secret, port: 5432 } })],
  ['member of JSON in JSON', 'config', (secret) => JSON.stringify(JSON.stringify({ auth: { client_secret: secret } }))],
  ['Python dictionary', 'config', (secret) => `{'user': 'svc', 'password': '${secret}', 'port': 5432}`],
  ['YAML', 'config', (secret) => `db:\n  user: svc\n  password: ${secret}\n  port: 5432\n`],
  [
    'basic authorization',
    'headers',
    (secret) => `Authorization: Basic ${Buffer.from(`svc:${secret}`).toString('base64')}`,
  ],
  ['curl', 'hook', (secret) => `curl -s -u svc:${secret} https://tracker.internal/runs`],
];

/** Secrets whose text is made from the drawn one, so that another text must not be seen. */
const derived: [kind: string, make: (draw: Draw) => Omit<PlantedSecret, 'kind'>][] = [
  [
    'private key',
    (draw) => {
      const line = draw(BASE64, 64);
      const text = `-----BEGIN RSA PRIVATE KEY-----\n${draw(BASE64, 64)}\n${line}\n-----END RSA PRIVATE KEY-----`;
      return { name: 'identity', value: text, secret: line };
    },
  ],
  [
    'private key on one line',
    (draw) => {
      const line = draw(BASE64, 64);
      return {
        name: 'identity',
        value: `key: -----BEGIN PRIVATE KEY-----\\n${line}\\n-----END PRIVATE KEY-----`,
        secret: line,
      };
    },
  ],
  [
    'signed S3 address',
    (draw) => {
      const signature = draw(HEX, 64);
      const credential = `AKIA${draw(UPPER, 16)}%2F20260302%2Feu-west-2%2Fs3%2Faws4_request`;
      const value = `https://bucket.s3.eu-west-2.amazonaws.com/data.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Expires=3600&X-Amz-Signature=${signature}`;
      return { name: 'data_url', value, secret: signature };
    },
  ],
  [
    'random under a suspicious name',
    (draw) => {
      const secret = `${draw(ALNUM, 20)}9aZ-`;
      return { name: 'session_cookie', value: secret, secret };
    },
  ],
  [
    'hexadecimal under a suspicious name',
    (draw) => {
      const secret = draw(HEX, 40);
      return { name: 'WANDB_API_KEY', value: secret, secret };
    },
  ],
  [
    'Azure storage',
    (draw) => {
      const secret = `${draw(BASE64, 86)}==`;
      const value = `DefaultEndpointsProtocol=https;AccountName=features;AccountKey=${secret};EndpointSuffix=core.windows.net`;
      return { name: 'store', value, secret };
    },
  ],
  [
    'Slack webhook',
    (draw) => {
      const secret = `T${draw(UPPER, 8)}/B${draw(UPPER, 8)}/${draw(ALNUM, 24)}`;
      return { name: 'notify', value: `https://hooks.slack.com/services/${secret}`, secret };
    },
  ],
];

/** Each `count` of them has every kind in turn; names are made different by a number. */
export function plantedSecrets(seed: number, count: number): PlantedSecret[] {
  const draw = drawing(seed);
  const makers: (() => PlantedSecret)[] = [
    ...forms.flatMap(([kind, make], index) =>
      // Every form by itself, and in one place after the other.
      [places[0], places[1 + (index % (places.length - 1))]].map((found) => () => {
        const [place, put] = found as (typeof places)[number];
        const secret = make(draw);
        return { kind: `${kind} ${place}`, name: `aux`, value: put(secret), secret };
      }),
    ),
    ...situations.map(([kind, name, make]) => () => {
      const secret = password(draw);
      const value = make(secret);
      const seen = value.includes(secret) ? secret : (/Basic (\S+)/.exec(value)?.[1] ?? encodeURIComponent(secret));
      return { kind, name, value, secret: seen };
    }),
    ...derived.map(([kind, make]) => () => ({ kind, ...make(draw) })),
  ];
  return Array.from({ length: count }, (_, index) => {
    const planted = (makers[index % makers.length] as () => PlantedSecret)();
    return { ...planted, name: `${planted.name}_${index}` };
  });
}
