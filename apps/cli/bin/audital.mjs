#!/usr/bin/env node
// `npx audital …` from a clone: sets up what is missing (packages, build; nothing when all stands), then runs the CLI. In an image, which has no
// tools folder, the CLI is there already.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(realpathSync(fileURLToPath(import.meta.url))), '..', '..', '..');
const setup = join(root, 'tools', 'setup', 'run.mjs');
const args = existsSync(setup) ? [setup, 'audital'] : [join(root, 'apps', 'cli', 'dist', 'main.js')];
const { status, signal } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? (signal === 'SIGINT' ? 130 : 1);
