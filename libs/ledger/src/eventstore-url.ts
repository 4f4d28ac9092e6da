import { Rejected } from '@audital/contracts';

export interface EventStoreSettings {
  /** The connection string for the client. It holds the password: it is never shown. */
  connectionString: string;
  /** Sent with each call. Without TLS the server has no users, and they are ignored. */
  credentials: { username: string; password: string };
  tls: boolean;
  /** After this time without an answer the server counts as away. */
  deadlineMs: number;
  /** `host:port`, for messages. */
  shown: string;
  hosts: { host: string; port: number }[];
  /** The host is the name of a cluster, and the nodes are found by it. */
  isDiscovered: boolean;
  /** A CA of one's own, as a path. */
  tlsCaFile: string | null;
}

const FORM = 'esdb://USER:PASSWORD@HOST:2113?tls=true, or esdb://HOST:2113?tls=false on a network of its own';
const DEADLINE_MS = 10_000;

/** What the client understands, but for two that it gets wrong: throwOnAppendFailure, and tlsVerifyCert, which it ignores. */
const KNOWN = [
  'tls',
  'tlsCaFile',
  'defaultDeadline',
  'connectionName',
  'keepAliveInterval',
  'keepAliveTimeout',
  'nodePreference',
  'maxDiscoverAttempts',
  'discoveryInterval',
  'gossipTimeout',
];

/** Reads an `esdb://` URL. Throws Rejected with what is wrong, and never with the URL itself: a password may stand in it. */
export function parseEventStoreUrl(url: string, connectionName?: string): EventStoreSettings {
  const match = /^esdb(\+discover)?:\/\/(?:([^:@/?]+):([^@/?]+)@)?([^@/?]+)\/?(?:\?(.*))?$/.exec(url);
  if (!match) throw refused(`it has another form than ${FORM} (special characters of the password percent-encoded)`);
  const [, discover, user, password, authority = '', query = ''] = match;
  const options = readOptions(query);
  const tls = options.get('tls') !== 'false';
  if (tls && user === undefined)
    throw refused(`with TLS it names a user: ${FORM}. \`ledger-admin setup\` makes users and their URLs`);
  const hosts = authority.split(',').map(readHost);
  options.set('connectionName', options.get('connectionName') ?? connectionName ?? 'audital');
  // Reads and appends are the leader's: another node may show an older end.
  if (discover || hosts.length > 1) options.set('nodePreference', options.get('nodePreference') ?? 'leader');
  const rest = [...options].map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&');
  const login = user === undefined ? '' : `${user}:${password}@`;
  return {
    connectionString: `esdb${discover ?? ''}://${login}${authority}?${rest}`,
    credentials: { username: decoded(user ?? 'nobody'), password: decoded(password ?? 'nothing') },
    tls,
    deadlineMs: milliseconds(options.get('defaultDeadline')),
    shown: hosts.map(({ host, port }) => `${host}:${port}`).join(', '),
    hosts,
    isDiscovered: discover !== undefined,
    tlsCaFile: options.get('tlsCaFile') ?? null,
  };
}

function readOptions(query: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const part of query.split('&').filter((text) => text !== '')) {
    const [key = '', value] = part.split('=');
    const known = KNOWN.find((name) => name.toLowerCase() === key.toLowerCase().replace(/[_-]/g, ''));
    if (known === undefined)
      throw refused(`it has an option that is not known (${key}); there are ${KNOWN.join(', ')}`);
    if (!value) throw refused(`its option ${known} has no value`);
    options.set(known, decoded(value));
  }
  if (!/^(true|false)$/.test(options.get('tls') ?? 'true')) throw refused('its option tls is true or false');
  return options;
}

function readHost(text: string): { host: string; port: number } {
  const match = /^([^:\s]+)(?::(\d{1,5}))?$/.exec(text);
  if (!match) throw refused(`it names its hosts as HOST:PORT, with commas between`);
  return { host: match[1] as string, port: Number(match[2] ?? 2113) };
}

function milliseconds(text: string | undefined): number {
  if (text === undefined) return DEADLINE_MS;
  if (!/^[1-9]\d{2,5}$/.test(text)) throw refused('its option defaultDeadline is a time in ms, from 100 to 999999');
  return Number(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('a % in it is followed by no two hexadecimal digits');
  }
}

const refused = (why: string): Rejected => new Rejected('LEDGER_URL', `LEDGER_URL cannot be used: ${why}.`);
