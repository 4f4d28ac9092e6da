import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rejected } from '@audital/contracts';
import { Launcher } from './launcher';
import { parseOptions } from './options';

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(readFileSync(join(__dirname, '..', 'HELP.txt'), 'utf8'));
    return 0;
  }
  const options = parseOptions(args, process.env, process.env['INIT_CWD'] ?? process.cwd());
  return new Launcher(options, process.env).run();
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof Rejected || (error instanceof Error && error.name !== 'TypeError');
    process.stderr.write(`${known ? (error as Error).message : ((error as Error).stack ?? String(error))}\n`);
    process.exit(error instanceof Rejected && error.code === 'USAGE' ? 2 : 1);
  },
);
