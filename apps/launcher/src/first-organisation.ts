import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createOrganisation } from './organisation';

/** The first organisation of a deployment in containers, told by its environment; run at every start, it makes it once. */
const VARIABLES = ['NATS_URL', 'NATS_USER', 'NATS_PASSWORD_FILE', 'FIRST_KEY_FILE', 'ORGANISATION_NAME'] as const;

async function main(env: Record<string, string | undefined>): Promise<void> {
  const missing = VARIABLES.filter((name) => !env[name]);
  if (missing.length > 0) throw new Error(`${missing.join(', ')} must be set.`);
  const given = (name: (typeof VARIABLES)[number]): string => env[name] as string;
  const broker = { url: given('NATS_URL'), user: given('NATS_USER'), password: secret(given('NATS_PASSWORD_FILE')) };
  const request = { name: given('ORGANISATION_NAME'), firstKey: secret(given('FIRST_KEY_FILE')) };
  const { organisationId, sandboxId, externalId } = await createOrganisation(broker, request);
  const lines = [
    `organisation ${organisationId}`,
    `sandbox      ${sandboxId}`,
    `external id  ${externalId}   (into the trust policy of the role in your AWS account)`,
    'API key      in the secret first-key',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  // The simulator's customer has to know it.
  const to = env['EXTERNAL_ID_TO'];
  if (!to) return;
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, `${externalId}\n`);
}

const secret = (file: string): string => readFileSync(file, 'utf8').trim();

main(process.env).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  },
);
