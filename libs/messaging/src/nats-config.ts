import { compare, SYNCS, versionOf } from './nats-binary';
import { NATS_USERS, permissionsOf } from './users';

export interface NatsConfigOptions {
  binary: string;
  /** 0: any free port. */
  port: number;
  storeDir: string;
  /** One for each of NATS_USERS; a user without one does not exist on this server. */
  passwords: Record<string, string>;
}

/** Parts of 512 KiB and payloads of 256 KiB fit, with what JSON adds to them. */
const MAX_PAYLOAD = '2MB';

/** The server's configuration: this machine only, one user for each service, and from 2.10 on an fsync before every acknowledgement. */
export async function natsConfig(o: NatsConfigOptions): Promise<string> {
  const syncs = compare(await versionOf(o.binary), SYNCS) >= 0;
  return natsServerConfig({ ...o, listen: `127.0.0.1:${o.port === 0 ? -1 : o.port}`, syncs });
}

/** The same for a server that runs elsewhere, in a container say. `monitor`: host:port of /healthz. */
export function natsServerConfig(o: {
  listen: string;
  monitor?: string;
  storeDir: string;
  /** The server is 2.10 or newer. */
  syncs: boolean;
  passwords: Record<string, string>;
}): string {
  return [
    `listen: ${JSON.stringify(o.listen)}`,
    ...(o.monitor ? [`http: ${JSON.stringify(o.monitor)}`] : []),
    `max_payload: ${MAX_PAYLOAD}`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(o.storeDir)}`,
    ...(o.syncs ? ['  sync_interval: always'] : []),
    '}',
    natsAuthorization(o.passwords),
  ].join('\n');
}

/** The block of the configuration that names the users, and what each may publish and hear. */
export function natsAuthorization(passwords: Record<string, string>): string {
  const users = NATS_USERS.filter((user) => passwords[user] !== undefined).map((user) => {
    const { publish, subscribe, responds } = permissionsOf(user);
    const permissions = {
      publish: publish.length > 0 ? { allow: publish } : { deny: ['>'] },
      subscribe: { allow: subscribe },
      ...(responds ? { allow_responses: true } : {}),
    };
    return { user, password: passwords[user], permissions };
  });
  return ['authorization {', `  users: ${JSON.stringify(users)}`, '}', ''].join('\n');
}
