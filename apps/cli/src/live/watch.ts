import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, EXIT, type OptionValues, textOf, UsageError, wholeNumber } from '../command';
import { findGateway, GATEWAY_HELP, GATEWAY_OPTIONS, type GatewayClient } from '../gateway-client';
import type { Terminal } from '../terminal';
import { TRUST_OPTIONS, trustedKeys } from '../trusted-keys';
import { type Kept, type Judgement, judgeCheckpoint, type Seen } from './judge-checkpoint';
import { keyChangesOf } from './learn-keys';

export const watchCommand: Command = {
  summary: 'Keep the last checkpoint of a live log, and alarm on a fork, a rollback or silence',
  help: `audital watch [options]

Asks for the newest checkpoint again and again, and for the proof that it holds the one kept before. What it keeps is its own memory: run it
on another machine than the log, and keep the state file.

  --state FILE            where it keeps the checkpoint (default: .config/audital/watch.json in your home folder)
  --interval-seconds N    between two looks (default 60)
  --max-age-seconds N     STALE: how long events may stand without a new checkpoint, or the log without an answer (default 900)
  --once                  one look, for cron
  --vkey KEY, --policy FILE   the keys you trust; without, the keys of the first look are kept (UNPINNED at that look)
  --json                  one object for each look
${GATEWAY_HELP}

Exit codes: 0 consistent (--once, or Ctrl-C), 1 could not run (--once: the log did not answer, or refused), 2 usage, 10 FORK or ROLLBACK (at once, also without --once), 11 STALE (--once).`,
  options: {
    ...TRUST_OPTIONS,
    ...GATEWAY_OPTIONS,
    state: { type: 'string' },
    'interval-seconds': { type: 'string' },
    'max-age-seconds': { type: 'string' },
    once: { type: 'boolean' },
  },
  async run({ values, targets, terminal }) {
    if (targets.length > 0) throw new UsageError(`watch takes no ${JSON.stringify(targets[0])}: --url names the log.`);
    return new Watch(values, terminal).run();
  },
};

class Watch {
  private readonly gateway: GatewayClient;
  private readonly vkeys: readonly string[];
  private readonly file: string;
  private readonly intervalSeconds: number;
  private readonly maxAgeSeconds: number;

  constructor(
    private readonly values: OptionValues,
    private readonly terminal: Terminal,
  ) {
    this.gateway = findGateway(values);
    this.vkeys = trustedKeys(values);
    this.file = textOf(values['state']) ?? join(homedir(), '.config', 'audital', 'watch.json');
    this.intervalSeconds = wholeNumber('interval-seconds', values['interval-seconds'], 60);
    this.maxAgeSeconds = wholeNumber('max-age-seconds', values['max-age-seconds'], 900);
  }

  async run(): Promise<number> {
    const stopped = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
    while (!stopped.signal.aborted) {
      const judgement = await this.look();
      this.tell(judgement);
      if (judgement.alarm === 'FORK' || judgement.alarm === 'ROLLBACK') return EXIT.tampered;
      if (this.values['once'] === true) return exitOf(judgement);
      await delay(this.intervalSeconds * 1000, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
    return EXIT.ok;
  }

  private async look(): Promise<Judgement> {
    const kept = this.read();
    const seen = await this.ask(kept);
    const { vkeys, maxAgeSeconds } = this;
    const judge = (of: Seen): Judgement =>
      judgeCheckpoint(of, { kept, vkeys, now: Date.now(), maxAgeMs: maxAgeSeconds * 1000 });
    let judgement = judge(seen);
    if (judgement.alarm === 'UNTRUSTED') judgement = judge(await this.withKeyChanges(seen));
    this.keep(judgement.kept);
    // The two notes are the proof against the log: nothing may overwrite them.
    if (judgement.evidence !== null) this.write(`${this.file}.evidence-${Date.now()}.json`, judgement.evidence);
    return judgement;
  }

  /** What the log says now; an error in words when it says nothing. */
  private async ask(kept: Kept | null): Promise<Seen> {
    try {
      const note = await this.gateway.text('/v1/log/checkpoint');
      const vkeys = (await this.gateway.text('/v1/log/vkey')).trim().split('\n');
      const size = Number(note.split('\n')[1]);
      const newest = await this.gateway.json<{ data: { chainPosition: number }[] }>('/v1/audit?limit=1');
      const from = kept?.size ?? size;
      const proof = from < size ? await this.gateway.text(`/v1/log/consistency?from=${from}&to=${size}`) : null;
      return { note, vkeys, proof, newest: newest.data[0]?.chainPosition ?? null, keyChanges: [] };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  /** Signed by nobody that is known: the log may have rotated its keys since. */
  private async withKeyChanges(seen: Seen): Promise<Seen> {
    try {
      return 'error' in seen ? seen : { ...seen, keyChanges: await keyChangesOf(this.gateway) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  private tell(judgement: Judgement): void {
    const { alarm, isAnswered, message, kept } = judgement;
    if (this.terminal.json)
      this.terminal.object({ alarm, isAnswered, message, size: kept?.size ?? null, at: new Date().toISOString() });
    else this.terminal.line(`${new Date().toISOString()}  ${alarm ?? (isAnswered ? 'ok' : 'no answer')}  ${message}`);
  }

  private read(): Kept | null {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch {
      return null;
    }
    try {
      return JSON.parse(text) as Kept;
    } catch {
      // To begin anew would forget the very thing that a rollback is found by.
      throw new Error(`${this.file} cannot be read as a state of watch. Restore it, or move it away to begin anew.`);
    }
  }

  private keep(kept: Kept | null): void {
    if (kept) this.write(this.file, kept);
  }

  private write(file: string, value: unknown): void {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
}

/** A look that saw nothing is not a look that went well. */
function exitOf({ alarm, isAnswered }: Judgement): number {
  if (alarm !== null) return EXIT.caveats;
  return isAnswered ? EXIT.ok : EXIT.error;
}
