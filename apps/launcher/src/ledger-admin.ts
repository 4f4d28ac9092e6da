import { resolve } from 'node:path';
import { scavengeEventStore, setUpEventStore, userOf } from '@audital/ledger';
import { serviceUrls, writeServiceUrls } from './ledger-files';

const USAGE = `Usage: LEDGER_ADMIN_URL='esdb://admin:PASSWORD@HOST:2113?tls=true' node apps/launcher/dist/ledger-admin.js
  setup FOLDER   makes a user for each service and the rights of all; writes each one's LEDGER_URL to FOLDER/ledger-SERVICE
  scavenge       takes what was redacted or trimmed off the disk of each node that the URL names, and waits for the end
`;

/** The URL comes by the environment: the arguments of a process can be seen by everybody on the machine. */
async function main([verb, folder]: string[], adminUrl: string | undefined): Promise<string | null> {
  if (!adminUrl) return null;
  if (verb === 'scavenge') {
    const nodes = new Set((await scavengeEventStore(adminUrl)).map(({ node }) => node));
    return `Scavenged: ${[...nodes].join(', ')}. What was redacted or trimmed before is off their disks.`;
  }
  if (verb !== 'setup' || !folder) return null;
  const urls = serviceUrls(resolve(folder), adminUrl);
  // The files first: a user whose password nobody knows would be lost, a file without its user is completed by the next run.
  writeServiceUrls(resolve(folder), urls);
  await setUpEventStore(
    adminUrl,
    urls.map(({ service, writes, password }) => ({ ...userOf(service, writes), password })),
  );
  return `Users and rights are set. Each service's LEDGER_URL: ${urls.map(({ file }) => file).join(', ')}`;
}

main(process.argv.slice(2), process.env['LEDGER_ADMIN_URL']).then(
  (done) => {
    if (done === null) process.exitCode = 2;
    (done === null ? process.stderr : process.stdout).write(done === null ? USAGE : `${done}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  },
);
