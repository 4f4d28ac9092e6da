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
  const users = NATS_USERS.filter((user) => o.passwords[user] !== undefined).map((user) => {
    const { publish, subscribe, responds } = permissionsOf(user);
    const permissions = {
      publish: publish.length > 0 ? { allow: publish } : { deny: ['>'] },
      subscribe: { allow: subscribe },
      ...(responds ? { allow_responses: true } : {}),
    };
    return { user, password: o.passwords[user], permissions };
  });
  return [
    `listen: "127.0.0.1:${o.port === 0 ? -1 : o.port}"`,
    `max_payload: ${MAX_PAYLOAD}`,
    'jetstream {',
    `  store_dir: ${JSON.stringify(o.storeDir)}`,
    ...(syncs ? ['  sync_interval: always'] : []),
    '}',
    'authorization {',
    `  users: ${JSON.stringify(users)}`,
    '}',
    '',
  ].join('\n');
}
