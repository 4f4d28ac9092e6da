// A copy of the sources to break things in: the working tree is never touched, so a run that is killed leaves nothing to repair.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const OWN = '@audital';

/** Tests run in it as they do here, with this checkout's packages and the copy's own sources. */
export function copySources(root) {
  const folder = mkdtempSync(join(tmpdir(), 'audital-mutations-'));
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
  for (const file of files.split('\n').filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  linkPackages(join(root, 'node_modules'), join(folder, 'node_modules'));
  linkBuilt(root, folder);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Threads and child processes run what is built, of which nothing is taken out. */
function linkBuilt(root, folder) {
  for (const parent of ['apps', 'libs'])
    for (const name of readdirSync(join(root, parent)))
      if (existsSync(join(root, parent, name, 'dist')))
        symlinkSync(join(root, parent, name, 'dist'), join(folder, parent, name, 'dist'));
}

/** The workspace's own packages are links to `../../apps/…`: made again in the copy, they lead to the copy. */
function linkPackages(from, to) {
  mkdirSync(join(to, OWN), { recursive: true });
  for (const name of readdirSync(from)) if (name !== OWN) symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, OWN)))
    symlinkSync(readlinkSync(join(from, OWN, name)), join(to, OWN, name));
}
