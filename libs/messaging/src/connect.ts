import { setTimeout as delay } from 'node:timers/promises';
import { Rejected, Unavailable } from '@audital/contracts';
import { connect, type ConnectionOptions, ErrorCode, type NatsConnection, NatsError } from 'nats';
import { Bus, type BusLog } from './bus';
import type { StreamSettings } from './streams';
import { inboxPrefix } from './users';

export interface BusOptions {
  /** nats://host:port */
  url: string;
  /** Empty where the server has no users. */
  user: string;
  password: string;
  /** Shown by the server. */
  name: string;
  log?: BusLog;
  streams?: StreamSettings;
  /** How long the first connection is waited for; 30 s unless said. */
  connectLimitMs?: number;
}

const CONNECT_LIMIT_MS = 30_000;
const CONNECT_TRY_MS = 2_000;
const CONNECT_PAUSE_MS = 100;
const silence: BusLog = { warn: () => undefined, error: () => undefined };

/**
 * Waits for the first connection for up to `connectLimitMs`, then throws Unavailable; from then on reconnects for ever. Throws Rejected when the
 * server does not know the user.
 */
export async function connectBus(o: BusOptions): Promise<Bus> {
  const connection = await firstConnection(o);
  const manager = await connection.jetstreamManager({ checkAPI: false });
  return new Bus(connection, manager, { user: o.user, log: o.log ?? silence, streams: o.streams ?? {} });
}

async function firstConnection(o: BusOptions): Promise<NatsConnection> {
  const credentials = o.user === '' ? {} : { user: o.user, pass: o.password, inboxPrefix: inboxPrefix(o.user) };
  const options: ConnectionOptions = {
    servers: o.url,
    name: o.name,
    ...credentials,
    timeout: CONNECT_TRY_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    // A server that is set up anew may not know its users yet; it is no reason to stay away for ever.
    ignoreAuthErrorAbort: true,
    pingInterval: 10_000,
  };
  const limitMs = o.connectLimitMs ?? CONNECT_LIMIT_MS;
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      return await connect(options);
    } catch (error) {
      if (isRefusal(error))
        throw new Rejected(
          'NATS_REFUSED',
          `${o.url} refused the user ${o.user}: NATS_USER and NATS_PASSWORD must be those of the server's configuration.`,
        );
      if (Date.now() > end)
        throw new Unavailable('nats', `No nats-server answered at ${o.url} within ${limitMs / 1000} s.`, {
          cause: error,
        });
      await delay(CONNECT_PAUSE_MS);
    }
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof NatsError &&
  [ErrorCode.AuthorizationViolation, ErrorCode.AuthenticationExpired].includes(error.code as ErrorCode);
