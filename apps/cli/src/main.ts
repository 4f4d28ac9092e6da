import { parseArgs } from 'node:util';
import { type Command, EXIT, UsageError } from './command';
import { drillCommand } from './drill/command';
import { exportCommand } from './live/export';
import { statusCommand } from './live/status';
import { tailCommand } from './live/tail';
import { watchCommand } from './live/watch';
import { chainCommand } from './operator/chain';
import { organisationsCommand } from './operator/organisations';
import { holdCommand, retentionCommand } from './operator/policy';
import { redactCommand } from './operator/redact';
import { Terminal } from './terminal';
import { verifyCommand } from './verify/command';

const COMMANDS: Record<string, Command> = {
  verify: verifyCommand,
  watch: watchCommand,
  export: exportCommand,
  status: statusCommand,
  tail: tailCommand,
  drill: drillCommand,
  organisations: organisationsCommand,
  chain: chainCommand,
  redact: redactCommand,
  retention: retentionCommand,
  hold: holdCommand,
};

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`);
  return `audital COMMAND [options]\n\n${lines.join('\n')}\n\naudital COMMAND --help says more. --json: for programs.`;
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const terminal = new Terminal(process.stdout, process.stderr, args.includes('--json'));
  if (name === undefined || name === '--help' || name === 'help') {
    terminal.line(help());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const command = COMMANDS[name];
  try {
    if (!command) throw new UsageError(`There is no command ${JSON.stringify(name)}.`);
    const { values, positionals } = parsed(command, rest);
    if (values['help'] === true) {
      terminal.line(command.help);
      return EXIT.ok;
    }
    return await command.run({ values, targets: positionals, terminal });
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.note(`${error.message}\nSee: audital ${command ? `${name} ` : ''}--help`);
      return EXIT.usage;
    }
    terminal.note(`audital ${name} could not run: ${(error as Error).message}`);
    return EXIT.error;
  }
}

function parsed(command: Command, args: string[]): ReturnType<typeof parseArgs> {
  const options = { ...command.options, json: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? '');
  }
}

// A reader who has seen enough (`audital tail | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : EXIT.error));
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
