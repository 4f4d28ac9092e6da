import { createHmac } from 'node:crypto';
import type { JsonObject } from '@audital/contracts';
import { plantedSecrets } from '@audital/testing';
import fc from 'fast-check';
import { nameSays } from './secret-names';
import { hideSecrets, hideText, hideValue, looksSecret, withoutSecrets } from './secrets';

const commit = (value: string): string =>
  `committed:hmac-sha256:${createHmac('sha256', 'salt').update(value).digest('hex')}`;
const COUNT = process.env['AUDITAL_LONG'] ? 20_000 : 400;
const PLANTED = plantedSecrets(20_260_302, COUNT);
const KINDS = [...new Set(PLANTED.map(({ kind }) => kind))];

describe('a planted secret', () => {
  it.each(KINDS)('%s: never shown, as a value, in a payload, or after a second look', (kind) => {
    for (const { name, value, secret } of PLANTED.filter((one) => one.kind === kind)) {
      const hidden = hideValue(name, value, commit);
      expect(hidden).not.toContain(secret);
      expect(hidden).toContain('committed:');
      // Looking again, as is done before an event leaves, changes nothing more.
      expect(hideValue(name, hidden, commit)).toBe(hidden);
      const payload = withoutSecrets({ hyperParameters: { [name]: value }, failureReason: 'none' }, commit);
      expect(JSON.stringify(payload)).not.toContain(JSON.stringify(secret).slice(1, -1));
      expect(payload['secretsCommitted']).toEqual([`/hyperParameters/${name}`]);
    }
  });

  it('is found in the texts of a payload whose names are AWS’s, where only its form or its place can tell', () => {
    for (const { kind, value, secret } of PLANTED) {
      if (/by its name|suspicious name/.test(kind)) continue;
      const job = { containerArguments: ['train', value], failureReason: `ClientError: ${value}` };
      const shown = JSON.stringify(withoutSecrets(job, commit));
      expect([kind, shown.includes(JSON.stringify(secret).slice(1, -1))]).toEqual([kind, false]);
    }
  });

  /** Ways in which a name and its value stand in arguments, reasons and messages. */
  const WRITTEN: [string, (name: string, value: string) => unknown][] = [
    ['arguments', (name, value) => ({ containerArguments: ['train', `--${name}`, value, '--epochs', '2'] })],
    ['an argument with =', (name, value) => ({ containerArguments: ['train', `--${name}=${value}`] })],
    ['a variable of an entry point', (name, value) => ({ containerEntrypoint: ['env', `${name}=${value}`, 'train'] })],
    ['a shell', (name, value) => ({ failureReason: `export ${name}='${value}' && train: exit code 1` })],
    ['an assignment', (name, value) => ({ failureReason: `ClientError: ${name}=${value} was refused` })],
    ['a repr', (name, value) => ({ failureReason: `AlgorithmError: Namespace(lr=0.1, ${name}='${value}')` })],
    ['a subscript', (name, value) => ({ failureReason: `in train.py: os.environ["${name}"] = "${value}"` })],
    ['a dictionary', (name, value) => ({ failureReason: `KeyError in {'lr': 1, '${name}': '${value}'}` })],
    ['JSON', (name, value) => ({ exitMessage: JSON.stringify({ db: { user: 'svc', [name]: value } }) })],
    ['YAML', (name, value) => ({ exitMessage: `user: svc\n${name}: ${value}\nlr: 0.1` })],
    ['a list of variables', (name, value) => ({ failureReason: `- name: ${name}\n  value: ${value}\n- name: LR` })],
    ['variables in JSON', (name, value) => ({ failureReason: JSON.stringify([{ name, value }]) })],
    ['an element', (name, value) => ({ failureReason: `<db><${name}>${value}</${name}></db>` })],
    ['a cut off text', (name, value) => ({ failureReason: `ClientError: {"user": "svc", "${name}": "${value}` })],
  ];
  it.each(WRITTEN)('that only its name gives away is found in %s', (_, write) => {
    const named = PLANTED.filter(({ kind }) => /by its name$|suspicious name/.test(kind));
    expect(named.length).toBeGreaterThan(10);
    for (const { name, value, secret } of named) {
      const shown = withoutSecrets(write(name, value) as JsonObject, commit);
      expect([name, secret, JSON.stringify(shown).includes(secret)]).toEqual([name, secret, false]);
      expect(shown['secretsCommitted']).toHaveLength(1);
    }
  });

  it('in a name is hidden like one in a value', () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const shown = withoutSecrets({ hyperParameters: { [token]: '1', lr: '0.1' } }, commit);
    expect(JSON.stringify(shown)).not.toContain(token);
    expect(shown['secretsCommitted']).toEqual([`/hyperParameters/${commit(token)}`]);
  });

  it('is found with anything before and behind it', () => {
    const around = fc.stringMatching(/^[a-z ,.;()\n]{0,40}$/);
    const tokens = PLANTED.filter(({ kind }) => kind.endsWith('by itself'));
    fc.assert(
      fc.property(around, fc.constantFrom(...tokens), around, (before, { secret }, behind) => {
        expect(hideText(`${before} ${secret} ${behind}`, commit)).not.toContain(secret);
      }),
      { seed: 7, numRuns: COUNT },
    );
  });
});

/** Settings as training jobs really have them. */
const HARMLESS: [string, string][] = [
  ['learning_rate', '0.001'],
  ['lr', '3e-4'],
  ['max_depth', '6'],
  ['objective', 'binary:logistic'],
  ['epochs', '"6"'],
  ['model_name', '"bert-base-uncased"'],
  ['max_new_tokens', '512'],
  ['num_token', '512'],
  ['token', '128'],
  ['pad_token', '<pad>'],
  ['mask_token', '[MASK]'],
  ['token_accuracy', 'NaN'],
  ['tag_list', '[{"Key": "Environment", "Value": "production"}, {"Key": "primary_key", "Value": "application_id"}]'],
  ['xml', '<config><epochs>3</epochs><tokenizer>sentencepiece</tokenizer></config>'],
  ['unclosed', 'ClientError: {"epochs": 3, "objective": "binary:log'],
  ['port_at_the_end', 'cannot reach https://host:8080'],
  ['tokenizer', 'sentencepiece'],
  ['token_type', 'wordpiece'],
  ['use_auth_token', 'true'],
  ['password', ''],
  ['author', 'jane'],
  ['key_dim', '64'],
  ['primary_key', 'application_id'],
  ['shuffle_key', 'customer'],
  ['kms_key', 'arn:aws:kms:eu-west-2:123456789012:key/1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901'],
  ['volume_kms_key', '1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901'],
  ['secret_arn', 'arn:aws:secretsmanager:eu-west-2:123456789012:secret:prod/db-AbCdEf'],
  ['db_password', '${DB_PASSWORD}'],
  ['sagemaker_submit_directory', '"s3://bucket/credit-scorer-2026-03-02-11-00-00-123/source/sourcedir.tar.gz"'],
  ['training_image', '764974769150.dkr.ecr.eu-west-2.amazonaws.com/sagemaker-xgboost:1.7-1'],
  ['image_digest', 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['git_commit', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['run_id', '1b2c3d4e-5f60-7182-93a4-b5c6d7e8f901'],
  ['seed', '20260302'],
  ['endpoint', 'https://runtime.sagemaker.eu-west-2.amazonaws.com:8443/endpoints/x/invocations'],
  ['endpoint_with_at', 'https://host:8080/path?email=jane@example.com'],
  ['s3', 's3://credit-scorer-monitoring-123456789012/reports/2026/03/02/11/constraint_violations.json'],
  ['feature_columns', '["annual_income", "debt_to_income", "loan_amount"]'],
  ['nested', '{"optimizer": {"name": "adam", "betas": [0.9, 0.999]},  "schedule": "cosine"}'],
  ['command', 'python train.py --epochs 3 --token-limit 512 --data s3://bucket/train --config conf.yaml'],
  ['layers', 'encoder.layers.0.self_attn.q_proj,encoder.layers.0.self_attn.k_proj'],
  ['sentence', 'ClientError: Unable to authenticate. The password is wrong: check the secret in Secrets Manager.'],
  ['reason', 'AlgorithmError: ExecuteUserScriptError: ExitCode 1, ErrorMessage "KeyError: \'token\'"'],
  ['wrong_key', 'KeyError: api_key'],
  ['checkpoint', '/opt/ml/checkpoints/Epoch_10/Model_Weights_Final_Version_0042'],
  ['arn', 'arn:aws:sagemaker:eu-west-2:123456789012:training-job/credit-scorer-2026-03-02-11-00-00'],
  ['ids', 'AIDACKCEVSQ6C2EXAMPLE and AROACKCEVSQ6C2EXAMPLE are names of principals'],
];

describe('what is no secret', () => {
  it.each(HARMLESS)('%s=%s stays', (name, value) => {
    expect(hideValue(name, value, commit)).toBe(value);
    expect(looksSecret(name, value)).toBe(false);
  });

  it('stays a payload to the letter', () => {
    const payload: JsonObject = {
      trainingJobName: 'token-classifier-2026-03-02',
      hyperParameters: Object.fromEntries(HARMLESS),
      metrics: { 'validation:auc': 0.94, loss: 'NaN' },
      inputDataConfig: [
        { dataSource: 's3://bucket/a', dataSourceDetail: { S3DataSource: { S3Uri: 's3://bucket/a' } } },
      ],
      captureGaps: [{ field: 'tags', reason: 'DENIED', permission: 'sagemaker:ListTags' }],
      previousModelName: null,
      enableNetworkIsolation: false,
    };
    expect(withoutSecrets(payload, commit)).toEqual(payload);
  });

  it('numbers, names, dates and addresses of any sort', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const harmless = fc.oneof(
      fc.double({ noNaN: true }).map(String),
      fc.integer().map(String),
      fc.uuid(),
      fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join('-')),
      fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => `s3://${words.join('/')}`),
      fc
        .array(word, { minLength: 1, maxLength: 4 })
        .map((words) => `arn:aws:iam::123456789012:role/${words.join('/')}`),
      fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
    );
    const name = fc.constantFrom(
      'learning_rate',
      'data',
      'modelName',
      'n_estimators',
      'output',
      'run',
      'config',
      'stage',
    );
    fc.assert(
      fc.property(name, harmless, (called, value) => {
        expect(hideValue(called, value, commit)).toBe(value);
        const json = JSON.stringify({ [called]: value, more: [value] });
        expect(hideText(json, commit)).toBe(json);
      }),
      { seed: 11, numRuns: COUNT },
    );
  });
});

describe('whatever is thrown at it', () => {
  it('it ends soon, changes nothing twice, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: 'binary' }), fc.string({ maxLength: 40 }), (text, name) => {
        const once = hideValue(name, text, commit);
        expect(hideValue(name, once, commit)).toBe(once);
      }),
      { seed: 13, numRuns: COUNT },
    );
  });

  it.each([
    ['assignments', 'a='.repeat(20_000)],
    ['brackets', '['.repeat(50_000)],
    ['quotes', '"'.repeat(50_000)],
    ['addresses', 'http://a:'.repeat(8_000)],
    ['dashes', '--a '.repeat(20_000)],
    ['base64', 'aB3/'.repeat(20_000)],
    ['a key without an end', `-----BEGIN PRIVATE KEY-----${'A'.repeat(100_000)}`],
  ])('%s in their thousands end', (_, text) => {
    // A trap would take minutes here, and the run with it.
    expect(hideText(text, commit)).not.toBe('');
  });

  it('names and members that only look like JavaScript stay as they are', () => {
    expect(hideSecrets(JSON.parse('{"__proto__": "x"}') as Record<string, string>, commit).committed).toEqual([]);
    expect(Object.keys(hideSecrets(JSON.parse('{"__proto__": "x"}') as Record<string, string>, commit).values)).toEqual(
      ['__proto__'],
    );
  });

  it('a name that stands twice in JSON hides neither of its values', () => {
    const text = '{"note": "AKIAABCDEFGHIJKLMNOP", "note": "x", "password": "hunter2hunter2", "password": ""}';
    const hidden = hideText(text, commit);
    expect(hidden).not.toContain('AKIAABCDEFGHIJKLMNOP');
    expect(hidden).not.toContain('hunter2');
  });
});

it.each([
  ['DB_PASSWORD', 'SECRET'],
  ['spark.hadoop.fs.s3a.secret.key', 'SECRET'],
  ['AWS_ACCESS_KEY_ID', 'SECRET'],
  ['hfToken', 'SECRET'],
  ['clientSecret', 'SECRET'],
  ['password_file', 'SUSPECT'],
  ['secret_name', 'SUSPECT'],
  ['public_key', 'SUSPECT'],
  ['eos_token', 'SUSPECT'],
  ['max_tokens', 'NONE'],
  ['tokenizer_name', 'NONE'],
  ['authority', 'NONE'],
  ['monkey', 'NONE'],
  ['compass', 'NONE'],
])('the name %s says %s', (name, says) => expect(nameSays(name)).toBe(says));
