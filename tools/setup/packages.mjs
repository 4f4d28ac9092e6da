import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { lastLines, root, run, SetupError, step } from './steps.mjs';

const NODE_MAJOR = 24;
const stampFile = join(root, 'node_modules', '.audital-installed');
const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** `npm ci` when the lock file is not the one that was installed. The stamp is written last: an interrupted install starts again. */
export async function installPackages() {
  const wanted = lockHash();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  await step(
    'Packages: npm ci fetches about 100 MB from the npm registry (500 MB unpacked in node_modules)',
    async () => {
      const { code, output } = await run('npm', [
        'ci',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
      ]);
      if (code !== 0) throw new SetupError(installFailure(output));
      writeFileSync(stampFile, wanted);
    },
  );
}

function installFailure(output) {
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network/i.test(output);
  if (offline) {
    return 'The first start needs the network: npm ci wanted to fetch the packages of package-lock.json (about 100 MB) and could not reach the npm registry. Connect, or set the registry that this machine may use (npm config set registry …), and start again.';
  }
  return `npm ci failed; its last lines:\n${lastLines(output, 12)}`;
}

/** The running Node when it is new enough, else the one that came with the packages. */
export function nodeToRunOn() {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR) return process.execPath;
  const packaged = join(root, 'node_modules', '.bin', 'node');
  try {
    const version = execFileSync(packaged, ['--version'], { encoding: 'utf8' });
    if (Number(version.slice(1).split('.')[0]) >= NODE_MAJOR) return packaged;
  } catch {
    // No package for this platform: the sentence below says what to do.
  }
  throw new SetupError(
    `Audital runs on Node ${NODE_MAJOR}. This is Node ${process.versions.node}, and the npm registry has no Node ${NODE_MAJOR} package for ${process.platform}-${process.arch}: install Node ${NODE_MAJOR} and start again.`,
  );
}
