import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '@audital/contracts';
import { eventually, type PlantedSecret, plantedSecrets, tempFolder, type TempFolder } from '@audital/testing';
import { System, verifyFolder } from './system';
import { giveLedger, takeLedger } from './system-ledger';

const SEED = 20_260_302;
const PLANTED = plantedSecrets(SEED, 200);
const PER_JOB = 10;
const TAG_CHARACTERS_MAX = 256;

let folder: TempFolder;
let system: System;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  await system.stop();
  folder.remove();
}, 60_000);

/** Every file below, but for what the customer's own account holds. */
function filesOf(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const file = join(path, name);
    if (statSync(file).isDirectory()) return name === 'simulator' ? [] : filesOf(file);
    return [file];
  });
}

/** As it is, and as it is written in JSON. */
const formsOf = ({ secret }: PlantedSecret): string[] => [...new Set([secret, JSON.stringify(secret).slice(1, -1)])];

const found = (bytes: Buffer): string[] =>
  PLANTED.filter((one) => formsOf(one).some((form) => bytes.includes(form))).map(
    ({ kind, name }) => `${kind} (${name})`,
  );

/** An export has its payloads in base64: what they say is looked at too. */
const withDecoded = (text: string): Buffer =>
  Buffer.concat([
    Buffer.from(text),
    ...(text.match(/[A-Za-z0-9+/_-]{40,}/g) ?? []).map((coded) => Buffer.from(coded, 'base64')),
  ]);

/** Ten secrets in one training job, each job in another place of it; what needs a name to be known by gets one. */
function jobWith(secrets: PlantedSecret[], index: number): { name: string; commands: object[] } {
  const name = `credit-scorer-planted-${index}`;
  const settings = (some: PlantedSecret[]): Record<string, string> =>
    Object.fromEntries(some.map((one) => [one.name, one.value]));
  // A word that only its name gives away is no secret where it has none.
  const needName = secrets.filter(({ kind }) => /by its name|suspicious name/.test(kind));
  const texts = secrets.filter((one) => !needName.includes(one)).map(({ value }) => value);
  const isLong = ({ value }: PlantedSecret): boolean => value.length > TAG_CHARACTERS_MAX;
  const first = secrets.slice(0, 1);
  const asArguments = needName.flatMap((one) => [`--${one.name}`, one.value]);
  const asVariables = needName.map((one) => `${one.name}=${one.value}`);
  const places: { spec: object; tags?: Record<string, string>; reason?: string }[] = [
    { spec: { HyperParameters: settings(secrets) } },
    { spec: { HyperParameters: { config: JSON.stringify({ settings: settings(secrets) }) } } },
    { spec: { Environment: settings(secrets) } },
    {
      spec: {
        HyperParameters: settings(first),
        AlgorithmSpecification: { ContainerArguments: [...texts, ...asArguments], TrainingInputMode: 'File' },
      },
    },
    // AWS keeps 1,024 characters of a reason: wherever that cuts.
    { spec: {}, reason: [...asVariables, ...texts].join('\n') },
    {
      spec: { HyperParameters: settings(secrets.filter(isLong)) },
      tags: settings(secrets.filter((one) => !isLong(one))),
    },
  ];
  const place = places[index % places.length] as (typeof places)[number];
  const end =
    place.reason === undefined
      ? { type: 'completeTrainingJob', name, metrics: [{ name: 'validation:auc', value: 0.9 }] }
      : { type: 'failTrainingJob', name, reason: place.reason };
  return {
    name,
    commands: [
      { type: 'createTrainingJob', name, spec: place.spec, tags: { Environment: 'production', ...place.tags } },
      end,
    ],
  };
}

it('of 200 planted secrets none is found in data folder, logs and export, and each event says what was committed', async () => {
  await giveLedger(join(folder.path, 'data'));
  system = await new System(join(folder.path, 'data'), ['--speed', '600']).started();
  await system.says('INTEGRATION_ACTIVATED');
  const jobs = Array.from({ length: PLANTED.length / PER_JOB }, (_, index) =>
    jobWith(PLANTED.slice(index * PER_JOB, (index + 1) * PER_JOB), index),
  );
  const commands = jobs.flatMap((job) => job.commands);
  const { simulator, gateway, apiKey } = system.run;
  const planted = await fetch(`${simulator}/_admin/commands`, { method: 'POST', body: JSON.stringify({ commands }) });
  expect([planted.status, planted.status === 200 ? '' : await planted.text()]).toEqual([200, '']);

  const told = await eventually(
    async () => {
      const { body } = await system.call<{ data: AuditEvent[] }>(
        'GET',
        '/v1/audit?limit=100&eventType=TRAINING_COMPLETED',
      );
      const own = body.data.filter((event) => String(event.payload?.['trainingJobName']).includes('planted'));
      return own.length === jobs.length && own.every(({ verified }) => verified) ? own : null;
    },
    { deadlineMs: 90_000, what: `${jobs.length} training jobs, sealed and verified` },
  );
  for (const event of told) {
    const payload = event.payload ?? {};
    const committed = payload['secretsCommitted'] as string[];
    expect([payload['trainingJobName'], committed.length > 0]).toEqual([payload['trainingJobName'], true]);
    for (const pointer of committed) expect(String(at(payload, pointer))).toContain('committed:hmac-sha256:');
  }

  const exported = await fetch(`${gateway}/v1/audit/export`, { headers: { authorization: `Bearer ${apiKey}` } });
  const bytes = withDecoded(await exported.text());
  expect(bytes.includes('credit-scorer-planted-0')).toBe(true);
  expect(found(bytes)).toEqual([]);
  await system.stop();
  for (const file of filesOf(system.data)) expect([file, found(readFileSync(file))]).toEqual([file, []]);
  expect(found(Buffer.from(system.output))).toEqual([]);

  // They were really there: the account's own log has every one of them.
  const account = Buffer.concat(
    readdirSync(join(system.data, 'simulator'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );
  expect(found(account)).toHaveLength(PLANTED.length);
  await verifyFolder(system.data);
  await takeLedger(system.data);
}, 180_000);

/** RFC 6901. */
const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((inside, part) => (inside as Record<string, unknown>)[part], value);
