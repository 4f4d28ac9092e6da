import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { natsAuthorization, natsServerConfig } from '@audital/messaging';
import { openSecrets } from './secrets';

export interface DeploymentFiles {
  /** The folder's files, each a secret. */
  files: string[];
  /** Whether there was nothing before. */
  made: boolean;
}

/** Where the nats image keeps its streams, and what it listens on: only its network's other containers reach it. */
const NATS = { listen: '0.0.0.0:4222', monitor: '0.0.0.0:8222', storeDir: '/data/jetstream', syncs: true };

/**
 * Makes the secrets of a deployment in containers, each once: what is there is kept. One file a secret, because compose and Kubernetes
 * hand them out by file: `master`, `key-pepper`, `first-key`, `nats-<user>` for each NATS user, and what the broker needs to know
 * of them (`nats.conf`, `nats-users.conf`), which is written anew from `nats.json`.
 *
 * The folder is for its owner alone; the files in it can be read by all, because a container's user is another than the owner, and a
 * container gets only the files that it is given.
 */
export function makeDeploymentFiles(folder: string): DeploymentFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const made = !existsSync(join(folder, 'master'));
  const { natsPasswords } = openSecrets(folder);
  const written: Record<string, string> = {
    'nats.conf': natsServerConfig({ ...NATS, passwords: natsPasswords }),
    'nats-users.conf': natsAuthorization(natsPasswords),
    ...Object.fromEntries(Object.entries(natsPasswords).map(([user, password]) => [`nats-${user}`, `${password}\n`])),
  };
  for (const [name, text] of Object.entries(written)) {
    // Its owner too may only read what stands there.
    rmSync(join(folder, name), { force: true });
    writeFileSync(join(folder, name), text);
  }
  const files = ['master', 'key-pepper', 'first-key', ...Object.keys(written)].sort();
  for (const name of files) chmodSync(join(folder, name), 0o444);
  return { files, made };
}
