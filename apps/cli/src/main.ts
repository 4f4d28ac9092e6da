import { parseArgs } from 'node:util';
import { type Command, EXIT, UsageError } from './command';
import { Terminal } from './terminal';

/** Each is loaded when it is asked for: those of an operator bring the whole bus with them, which costs a verifier half a second. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  verify: async () => (await import('./verify/command.js')).verifyCommand,
  watch: async () => (await import('./live/watch.js')).watchCommand,
  export: async () => (await import('./live/export.js')).exportCommand,
  status: async () => (await import('./live/status.js')).statusCommand,
  tail: async () => (await import('./live/tail.js')).tailCommand,
  drill: async () => (await import('./drill/command.js')).drillCommand,
  organisations: async () => (await import('./operator/organisations.js')).organisationsCommand,
  chain: async () => (await import('./operator/chain.js')).chainCommand,
  redact: async () => (await import('./operator/redact.js')).redactCommand,
  retention: async () => (await import('./operator/policy.js')).retentionCommand,
  hold: async () => (await import('./operator/policy.js')).holdCommand,
};

async function help(): Promise<string> {
  const lines = Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(16)}${(await load()).summary}`);
  const list = (await Promise.all(lines)).join('\n');
  return `audital COMMAND [options]\n\n${list}\n\naudital COMMAND --help says more. --json: for programs.`;
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const terminal = new Terminal(process.stdout, process.stderr, args.includes('--json'));
  if (name === undefined || name === '--help' || name === 'help') {
    terminal.line(await help());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (!load) throw new UsageError(`There is no command ${JSON.stringify(name)}.`);
    const command = await load();
    const { values, positionals } = parsed(command, rest);
    if (values['help'] === true) {
      terminal.line(command.help);
      return EXIT.ok;
    }
    return await command.run({ values, targets: positionals, terminal });
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.note(`${error.message}\nSee: audital ${load ? `${name} ` : ''}--help`);
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
