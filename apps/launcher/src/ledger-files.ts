import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEDGER_WRITERS, Rejected } from '@audital/contracts';

export interface ServiceUrl {
  service: keyof typeof LEDGER_WRITERS;
  writes: readonly string[];
  /** Where its LEDGER_URL stands. */
  file: string;
  url: string;
  password: string;
}

/** Where a service's LEDGER_URL stands in the folder of `ledger-admin setup`. */
export const ledgerFile = (folder: string, service: string): string => join(folder, `ledger-${service}`);

/** One LEDGER_URL for each service, with a user of its own; a password that stands in the folder is kept. */
export function serviceUrls(folder: string, adminUrl: string): ServiceUrl[] {
  const services = Object.keys(LEDGER_WRITERS) as ServiceUrl['service'][];
  return services.map((service) => {
    const file = ledgerFile(folder, service);
    const password = existsSync(file) ? passwordIn(file) : randomBytes(24).toString('base64url');
    const url = adminUrl.replace(/:\/\/[^@/]*@/, `://audital-${service}:${password}@`);
    return { service, writes: LEDGER_WRITERS[service], file, url, password };
  });
}

/** Throws Rejected when a service has no URL there: it would only say so in its log. */
export function checkLedgerFolder(folder: string): void {
  const missing = Object.keys(LEDGER_WRITERS).filter((service) => !existsSync(ledgerFile(folder, service)));
  if (missing.length === 0) return;
  const lacks = `${folder} has no LEDGER_URL for ${missing.join(', ')}`;
  throw new Rejected('USAGE', `${lacks}: --ledger is a URL, or the folder of \`ledger-admin setup\`.`);
}

/** As the other secrets of a deployment: the folder for its owner alone, each file for the container that gets it. */
export function writeServiceUrls(folder: string, urls: ServiceUrl[]): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (const { file, url } of urls) {
    rmSync(file, { force: true });
    writeFileSync(file, `${url}\n`, { mode: 0o444 });
  }
}

function passwordIn(file: string): string {
  const match = /:\/\/audital-[a-z-]+:([\w-]+)@/.exec(readFileSync(file, 'utf8'));
  if (match) return match[1] as string;
  throw new Rejected(
    'LEDGER_FILE',
    `${file} holds no esdb:// URL with a user of Audital: move it away, and run this again.`,
  );
}
