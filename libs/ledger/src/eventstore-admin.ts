import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { Rejected, Unavailable } from '@audital/contracts';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { mapEventStoreError } from './eventstore-errors';
import { ALL_ACL, DEFAULT_ACL, type LedgerUser } from './eventstore-rights';
import { type EventStoreSettings, parseEventStoreUrl } from './eventstore-url';

/**
 * Makes the users and the rights of a ledger on a secured EventStoreDB; `url` names an administrator. Repeating it sets everything again,
 * passwords included, and takes nothing else away. Throws Rejected, saying what to change, or Unavailable.
 */
export async function setUpEventStore(url: string, users: (LedgerUser & { password: string })[]): Promise<void> {
  const server = secured(url);
  for (const { loginName, groups, password } of users) {
    const fullName = `Audital: ${loginName}`;
    const { status } = await ask(server, 'POST', '/users/', { loginName, fullName, groups, password });
    if (status === 409) {
      await asked(server, 'PUT', `/users/${loginName}`, { fullName, groups });
      await asked(server, 'POST', `/users/${loginName}/command/reset-password`, { newPassword: password });
    } else checkStatus(server, status);
  }
  await writeRights(server);
}

/**
 * Has the server take the bytes of what was tombstoned or trimmed off its disk; it goes on by itself. Returns what the server calls it
 * (`ScavengeId: …`). Unavailable, with the server's words, when one is running already.
 */
export async function scavengeEventStore(url: string): Promise<string> {
  return (await asked(parseEventStoreUrl(url), 'POST', '/admin/scavenge', {})).trim();
}

/** What the two rights are in: a stream of settings, and the metadata of `$all`. Appended anew each time: the last one counts. */
async function writeRights(server: EventStoreSettings): Promise<void> {
  const client = EventStoreDBClient.connectionString(server.connectionString);
  const options = { credentials: server.credentials, requiresLeader: true, deadline: server.deadlineMs };
  const events = [
    { stream: '$settings', event: jsonEvent({ type: 'update-default-acl', data: DEFAULT_ACL }) },
    { stream: '$$$all', event: jsonEvent({ type: '$metadata', data: ALL_ACL }) },
  ];
  try {
    for (const { stream, event } of events)
      await client.appendToStream(stream, event, options).catch((error: unknown) => {
        throw mapEventStoreError(error, { stream, server: server.shown });
      });
  } finally {
    await client.dispose();
  }
}

function secured(url: string): EventStoreSettings {
  const settings = parseEventStoreUrl(url);
  if (settings.tls) return settings;
  throw new Rejected(
    'LEDGER_INSECURE',
    `The EventStoreDB at ${settings.shown} is named with tls=false: without TLS it has no users, and whoever reaches it may write.`,
  );
}

async function asked(server: EventStoreSettings, method: string, path: string, body: object): Promise<string> {
  const { status, text } = await ask(server, method, path, body);
  checkStatus(server, status, text);
  return text;
}

function checkStatus(server: EventStoreSettings, status: number, text = ''): void {
  if (status >= 200 && status < 300) return;
  if (status === 401 || status === 403)
    throw new Rejected(
      'LEDGER_ADMIN',
      `The EventStoreDB at ${server.shown} refuses ${server.credentials.username}: it must be an administrator, with the right password.`,
    );
  throw new Unavailable('ledger', `The EventStoreDB at ${server.shown} answered ${status} ${text.slice(0, 200)}`);
}

/** The users of EventStoreDB are made over its HTTP API: the client has no call for it. */
function ask(
  server: EventStoreSettings,
  method: string,
  path: string,
  body: object,
): Promise<{ status: number; text: string }> {
  const { username, password } = server.credentials;
  const [first] = server.hosts;
  const ca = server.tlsCaFile === null ? undefined : readFileSync(server.tlsCaFile);
  const options = {
    method,
    host: first?.host,
    port: first?.port,
    path,
    ca,
    auth: `${username}:${password}`,
    headers: { 'content-type': 'application/json' },
    timeout: server.deadlineMs,
  };
  return new Promise((resolve, reject) => {
    const away = (error: Error): void =>
      reject(
        new Unavailable('ledger', `The EventStoreDB at ${server.shown} is away (${error.message}).`, { cause: error }),
      );
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', away);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', away);
    sent.end(JSON.stringify(body));
  });
}
