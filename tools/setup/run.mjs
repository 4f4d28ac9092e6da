// The one way in: `node tools/setup/run.mjs start|test|check|bench|mutations|build [arguments]`. Plain Node 20 code without dependencies, because
// it runs before anything is installed. Each step that has nothing to do says nothing; a second start is offline and takes no time.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, SetupError } from './steps.mjs';
import { installPackages, nodeToRunOn } from './packages.mjs';
import { buildSources } from './sources.mjs';
import { provideNatsServer } from './nats-server.mjs';

const [command, ...rest] = process.argv.slice(2);

/** What each command needs and runs. `build` ends after the build. */
const COMMANDS = {
  start: { nats: true, script: 'apps/launcher/dist/main.js' },
  test: { nats: true, script: 'tools/test.mjs' },
  check: { nats: false, script: 'tools/check.mjs' },
  bench: { nats: true, script: 'tools/bench.mjs' },
  mutations: { nats: true, script: 'tools/mutations.mjs' },
  audital: { nats: false, script: 'apps/cli/dist/main.js' },
  build: { nats: false, script: null },
};

async function main() {
  const wanted = COMMANDS[command];
  if (!wanted) throw new SetupError(`Unknown command ${command}: use one of ${Object.keys(COMMANDS).join(', ')}.`, 2);
  if (command === 'start' && rest.includes('--help')) {
    process.stdout.write(readFileSync(join(root, 'apps/launcher/HELP.txt'), 'utf8'));
    return 0;
  }
  await installPackages();
  const node = nodeToRunOn();
  await buildSources(node);
  const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` };
  if (wanted.nats && !rest.includes('--version')) env.NATS_SERVER_BIN = (await provideNatsServer()) ?? '';
  if (!wanted.script) return 0;
  if (!existsSync(join(root, wanted.script)))
    throw new SetupError(`${wanted.script} is missing: was the checkout complete?`);
  return await runToTheEnd(node, [join(root, wanted.script), ...rest], env);
}

/** Signals reach the child through the terminal's process group too; it decides how to stop, and we wait for it. */
function runToTheEnd(node, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: 'inherit', env });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        // A Ctrl-C on a terminal has reached the child already; a second one would cut its drain short.
        if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
      });
    }
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(error instanceof SetupError ? `${error.message}\n` : `${error.stack}\n`);
    process.exitCode = error instanceof SetupError ? error.exitCode : 1;
  },
);
