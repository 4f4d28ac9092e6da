import { readFileSync } from 'node:fs';
import { request as requestInsecurely } from 'node:http';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { Rejected, Unavailable } from '@audital/contracts';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { mapEventStoreError } from './eventstore-errors';
import { ALL_ACL, DEFAULT_ACL, type LedgerUser } from './eventstore-rights';
import { type EventStoreSettings, parseEventStoreUrl } from './eventstore-url';

const SCAVENGE_LOOK_MS = 250;
/** 24.10 scavenges as if every server had this one: with another, most chunks are passed over, and it says Success all the same. */
const CHUNK_SIZE = 268_435_456;

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

export interface Scavenged {
  /** `host:port` of the node. */
  node: string;
  scavengeId: string;
}

/**
 * Takes the bytes of what was tombstoned or trimmed off the disk of every node that `url` names, one after the other, and returns when they
 * are gone. Unavailable when a node is away, or its scavenge was stopped or failed: again, it goes on where it was.
 */
export async function scavengeEventStore(url: string): Promise<Scavenged[]> {
  const server = parseEventStoreUrl(url);
  if (server.isDiscovered)
    throw new Rejected(
      'LEDGER_ADMIN',
      'A scavenge is done on each node: name them all, as esdb://USER:PASSWORD@A,B,C.',
    );
  const done: Scavenged[] = [];
  // Twice: a node first goes up to where another one's last scavenge began, which may have been before what has to go now.
  for (let round = 1; round <= 2; round += 1)
    for (const host of server.hosts)
      done.push(await scavengeNode({ ...server, hosts: [host], shown: `${host.host}:${host.port}` }));
  return done;
}

async function refuseOtherChunks(node: EventStoreSettings): Promise<void> {
  const options = JSON.parse(await asked(node, 'GET', '/info/options')) as { name: string; value: string }[];
  const size = options.find(({ name }) => name === 'ChunkSize')?.value;
  if (size === undefined || Number(size) === CHUNK_SIZE) return;
  throw new Rejected(
    'LEDGER_CHUNK_SIZE',
    `The EventStoreDB at ${node.shown} has chunks of ${size} bytes, and 24.10 scavenges only those of ${CHUNK_SIZE}: what was redacted would stay on its disk. Move the ledger to a server without the option ChunkSize.`,
  );
}

interface ScavengeAnswer {
  scavengeId: string | null;
  scavengeResult?: 'Unknown' | 'InProgress' | 'Success' | 'Stopped' | 'Errored';
}

async function scavenge(node: EventStoreSettings, method: string, path = ''): Promise<ScavengeAnswer> {
  const text = await asked(node, method, `/admin/scavenge${path}`, method === 'POST' ? {} : undefined);
  return JSON.parse(text) as ScavengeAnswer;
}

async function scavengeNode(node: EventStoreSettings): Promise<Scavenged> {
  const { shown } = node;
  await refuseOtherChunks(node);
  // One that somebody else began goes up to its own beginning only: it is waited for, and another begun.
  while ((await scavenge(node, 'GET', '/current')).scavengeId) await delay(SCAVENGE_LOOK_MS);
  const { scavengeId } = await scavenge(node, 'POST');
  for (;;) {
    const last = await scavenge(node, 'GET', '/last');
    const result = last.scavengeId === scavengeId ? last.scavengeResult : 'Unknown';
    if (result === 'Success') return { node: shown, scavengeId: String(scavengeId) };
    if (result !== 'InProgress')
      throw new Unavailable('ledger', `The scavenge ${scavengeId} on ${shown} ended as ${result}: start it again.`);
    await delay(SCAVENGE_LOOK_MS);
  }
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

async function asked(server: EventStoreSettings, method: string, path: string, body?: object): Promise<string> {
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
  body?: object,
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
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    timeout: server.deadlineMs,
  };
  return new Promise((resolve, reject) => {
    const away = (error: Error): void =>
      reject(
        new Unavailable('ledger', `The EventStoreDB at ${server.shown} is away (${error.message}).`, { cause: error }),
      );
    const sent = (server.tls ? request : requestInsecurely)(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', away);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', away);
    sent.end(body && JSON.stringify(body));
  });
}
