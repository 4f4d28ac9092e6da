import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, root, run, SetupError, step } from './steps.mjs';

const stampFile = join(root, 'node_modules', '.audital-built');

/** Compiles everything when a source, the lock file or the Node version changed. tsc itself rebuilds only the projects that did. */
export async function buildSources(node) {
  const wanted = sourcesHash(node);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted && outputsStand()) return;
  await step('Build: tsc compiles the services (no download)', async () => {
    const { code, output } = await run(node, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      'tsconfig.build.json',
    ]);
    if (code !== 0) throw new SetupError(`The build failed:\n${lastLines(output, 30)}`);
    mkdirSync(join(root, 'node_modules'), { recursive: true });
    writeFileSync(stampFile, wanted);
  });
}

const projects = () =>
  ['apps', 'libs'].flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)));

function outputsStand() {
  return projects().every((folder) => !existsSync(join(folder, 'tsconfig.json')) || existsSync(join(folder, 'dist')));
}

function sourcesHash(node) {
  const hash = createHash('sha256').update(node);
  for (const file of ['package-lock.json', 'tsconfig.base.json', 'tsconfig.build.json'])
    hash.update(readFileSync(join(root, file)));
  for (const folder of projects()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isFile() && /^(package|tsconfig.*)\.json$/.test(entry.name))
        hash.update(readFileSync(join(folder, entry.name)));
    }
    if (existsSync(join(folder, 'src'))) addFolder(hash, join(folder, 'src'));
  }
  return hash.digest('hex');
}

function addFolder(hash, folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, path);
    else if (/\.tsx?$/.test(entry.name) && !entry.name.includes('.spec.')) hash.update(path).update(readFileSync(path));
  }
}
