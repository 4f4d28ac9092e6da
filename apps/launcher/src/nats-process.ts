import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { Unavailable } from '@audital/contracts';
import { findNatsServer, natsConfig } from '@audital/messaging';
import type { ProcessSpec } from './supervisor';

/**
 * A nats-server does not watch its stdin, so a shell does it for it: when the launcher is gone the pipe ends, and the server with it. The
 * first line says the server's own pid.
 */
const KEEPER = `exec 3<&0
"$@" &
child=$!
echo "pid $child"
trap 'kill -TERM $child 2>/dev/null' TERM
(cat <&3 >/dev/null; kill -TERM $child 2>/dev/null) &
watcher=$!
wait $child
code=$?
[ $code -gt 128 ] && wait $child 2>/dev/null
kill $watcher 2>/dev/null
exit $code`;

/** Writes the configuration (mode 0600: it holds the passwords) and says how to run the server. */
export async function natsProcess(o: {
  port: number;
  folder: string;
  passwords: Record<string, string>;
  env: Record<string, string>;
}): Promise<ProcessSpec> {
  const binary = await findNatsServer();
  const configFile = join(o.folder, 'nats.conf');
  writeFileSync(
    configFile,
    await natsConfig({ binary, port: o.port, storeDir: join(o.folder, 'jetstream'), passwords: o.passwords }),
    { mode: 0o600 },
  );
  return {
    name: 'nats-server',
    command: '/bin/sh',
    args: ['-c', KEEPER, 'nats-keeper', binary, '-c', configFile],
    env: o.env,
    announcesPid: true,
  };
}

/** Resolves when something accepts connections on the port. */
export async function waitForPort(port: number, name: string, deadlineMs: number): Promise<void> {
  const until = Date.now() + deadlineMs;
  while (!(await accepts(port))) {
    if (Date.now() > until)
      throw new Unavailable(
        name,
        `${name} did not answer on port ${port} within ${deadlineMs / 1000} s; its log is in the data folder.`,
      );
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const answer = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}
