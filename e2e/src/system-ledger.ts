import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Ledger, openLedger } from '@audital/ledger';
import { eventStoreProgram, filesHolding, type OwnEventStore, startEventStore } from '@audital/testing';

/** The servers of this test's systems, by the data folder that each belongs to. */
const servers = new Map<string, OwnEventStore>();

/** With EVENTSTORE_BIN, the systems that use this data folder get an EventStoreDB of their own; else they keep their SQLite file. */
export async function giveLedger(data: string): Promise<void> {
  if (eventStoreProgram() !== null) servers.set(data, await startEventStore());
}

export async function takeLedger(data: string): Promise<void> {
  await servers.get(data)?.remove();
  servers.delete(data);
}

/** For what only a server can suffer; null: the ledger is a file. */
export const serverOf = (data: string): OwnEventStore | null => servers.get(data) ?? null;

/** For the launcher. */
export function ledgerArgs(data: string): string[] {
  const server = servers.get(data);
  return server ? ['--ledger', server.url] : [];
}

export function openSystemLedger(data: string): Promise<Ledger> {
  const url = servers.get(data)?.url ?? `sqlite:${join(data, 'ledger', 'ledger.sqlite')}`;
  return openLedger(url, { writes: [] });
}

/** `ledger-admin` as the operator runs it. */
export function ledgerAdmin(url: string, ...args: string[]): { code: number | null; out: string } {
  const script = resolve(__dirname, '../../apps/launcher/dist/ledger-admin.js');
  const env = { ...process.env, LEDGER_ADMIN_URL: url };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env });
  return { code: status, out: stdout + stderr };
}

/** What the operator of an EventStoreDB does after a redaction (docs/redaction.md): returns its files that still hold the text. SQLite needs nothing. */
export function finishErasure(data: string, text: string): string[] {
  const server = servers.get(data);
  if (!server) return [];
  if (filesHolding(server.data, text).length === 0) throw new Error(`The search does not find "${text}" at all.`);
  const { code, out } = ledgerAdmin(server.url, 'scavenge');
  if (code !== 0) throw new Error(out);
  return filesHolding(server.data, text);
}
