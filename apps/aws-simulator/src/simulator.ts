import { randomBytes } from 'node:crypto';
import { Clock } from './clock';
import { CommandLog, type Entry, type EntryBody, LogUnusable, type Opened, type Operator } from './command-log';
import type { Config } from './config';
import { Account } from './domain/account';
import { applyCommand, type Command } from './domain/commands';
import { Refused } from './domain/refused';
import { creditScoring } from './story/credit-scoring';
import { NO_STORY, type Step, type Story } from './story/story';
import { openingCommands } from './opening';

export const ACCOUNT_ID = '123456789012';
export const HOME_REGION = 'eu-west-2';

/** After a step that was asked for, the clock goes on this far, so that what the step made lies in the past for every window. */
const AFTER_STEP_MS = 5000;
const MANUAL_MARGIN_SECONDS = 600;

/**
 * The account, its memory, its clock and its story. Everything that changes the account is an entry of the command log, so whoever
 * replays the log has the same account; between the change in memory and the entry on disk nobody is answered.
 */
export class Simulator {
  private story: Story = NO_STORY;
  private played = 0;
  private startedAt: number | null = null;
  private operator: Operator | null = null;

  private constructor(
    readonly account: Account,
    readonly clock: Clock,
    private readonly log: CommandLog,
    private readonly config: Config,
  ) {}

  static open(config: Config, real: () => number): Simulator {
    const log = CommandLog.open(config.dataDir);
    const [first] = log.entries;
    const opened = first === undefined ? newAccount(config) : openedBy(first, log, config);
    const account = new Account(opened);
    const last = log.entries[log.entries.length - 1];
    const startsAt = real() - initialLagSeconds(config) * 1000;
    const storyOver = opened.story === 'none' || log.entries.filter((entry) => 'step' in entry).length >= stepCount();
    const clock = Clock.open(config.dataDir, { real, startsAt, notBefore: last?.at ?? null, resumes: !storyOver });
    const simulator = new Simulator(account, clock, log, config);
    for (const entry of log.entries) simulator.apply(entry);
    if (first === undefined) simulator.write({ opened }, clock.now());
    simulator.meetOperator();
    simulator.startClock();
    return simulator;
  }

  /** The account's time. The steps of the story that are due by then have been played when it returns. */
  now(): number {
    const now = this.clock.now();
    while (this.config.mode === 'clock' && this.startedAt !== null) {
      const step = this.story.steps[this.played];
      const due = this.startedAt + (step?.offsetSeconds ?? 0) * 1000;
      if (step === undefined || due > now) break;
      this.write({ step: this.played, commands: step.commands }, due);
    }
    return now;
  }

  /** Applies commands one after the other and logs those that were applied; stops at the first that is refused. */
  execute(commands: unknown[]): { applied: number; refused: Refused | null } {
    const now = this.now();
    const applied: Command[] = [];
    let refused: Refused | null = null;
    for (const command of commands) {
      try {
        applyCommand(this.account, command, now);
        applied.push(command as Command);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        refused = error;
        break;
      }
    }
    if (applied.length > 0) this.log.append({ commands: applied }, now);
    return { applied: applied.length, refused };
  }

  /** Someone lists the account's resources: the story that was waiting for it begins. */
  watched(): void {
    if (this.config.mode === 'clock' && this.startedAt === null && this.story.steps.length > 0) this.begin();
  }

  /**
   * Plays the next step. With `after`, the number of steps that the caller knows to be played, a repetition is harmless: a step that has
   * been played since is not played again.
   */
  next(after: number | null): { step: Step | null; position: number; finished: boolean } {
    if (this.config.mode !== 'manual')
      throw new Refused('CONFLICT', 'With STORY_MODE=clock the story goes on by itself.');
    const wanted = after ?? this.played;
    if (wanted > this.played || wanted < this.played - 1) {
      throw new Refused(
        'CONFLICT',
        `${this.played} steps have been played, so "after" is ${this.played}, not ${wanted}.`,
      );
    }
    if (wanted === this.played && this.played < this.story.steps.length) this.playNext();
    return { step: this.story.steps[wanted] ?? null, position: this.played, finished: this.finished };
  }

  private playNext(): void {
    if (this.startedAt === null) this.begin();
    const step = this.story.steps[this.played] as Step;
    const real = this.clock.realNow();
    const at = Math.max(this.clock.now(), Math.min(real, (this.startedAt as number) + step.offsetSeconds * 1000));
    this.write(
      { step: this.played, commands: step.commands, clockTo: Math.max(at, Math.min(real, at + AFTER_STEP_MS)) },
      at,
    );
  }

  moveClock(to: number): void {
    if (to < this.now()) throw new Refused('INVALID', 'The clock does not go back.');
    if (to > this.clock.realNow())
      throw new Refused('INVALID', 'The clock cannot go beyond the present: this account replays the past.');
    this.write({ clockTo: to }, to);
    this.now();
  }

  storyView() {
    const now = this.now();
    const { story, startedAt, played } = this;
    const waits = this.config.mode === 'manual' ? 'POST /_admin/story/next' : 'the first list call by an assumed role';
    return {
      name: story.name,
      mode: this.config.mode,
      now: new Date(now).toISOString(),
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
      waitsFor: this.finished ? null : this.config.mode === 'manual' || startedAt === null ? waits : 'its time',
      position: played,
      finished: this.finished,
      steps: story.steps.map((step, index) => ({
        index,
        title: step.title,
        at: startedAt === null ? null : new Date(startedAt + step.offsetSeconds * 1000).toISOString(),
        done: index < played,
      })),
      expected: story.steps.flatMap((step, index) => (step.expected ?? []).map((one) => ({ step: index, ...one }))),
    };
  }

  get storySteps(): readonly Step[] {
    return this.story.steps;
  }

  get speed(): number {
    return this.config.speed;
  }

  close(): void {
    this.log.close();
  }

  private get finished(): boolean {
    return this.played === this.story.steps.length;
  }

  private begin(): void {
    this.write({ storyStarted: true }, this.clock.now());
    this.startClock();
  }

  private startClock(): void {
    if (this.config.mode === 'manual') return this.clock.run(0);
    const waiting = this.story.steps.length > 0 && this.startedAt === null;
    if (waiting && this.config.storyStart === 'now') return this.begin();
    // While the story waits, time passes as it does outside: the distance to the present is what the story will catch up.
    this.clock.run(waiting ? 1 : this.config.speed);
  }

  /** The customer's side of the trust: set up at the first start, and again when the environment names another operator. */
  private meetOperator(): void {
    const { externalId, principalAccount, operatorKeyId } = this.config;
    const operator: Operator = { externalId, principalAccount, operatorKeyId };
    if (JSON.stringify(operator) === JSON.stringify(this.operator)) return;
    const commands = openingCommands(this.account.identity.accountId, operator, this.operator === null);
    const before = this.operator === null ? this.story.before : [];
    this.write({ operator, commands: [...commands, ...before] }, this.clock.now());
  }

  private write(body: EntryBody, at: number): void {
    this.apply({ n: -1, at, ...body });
    this.log.append(body, at);
  }

  /** What an entry means, now and at every replay. A command of the story that no longer fits (its job was deleted by hand) is passed over. */
  private apply(entry: Entry): void {
    if ('opened' in entry && entry.opened.story === 'credit-scoring') this.story = creditScoring(entry.at);
    if ('commands' in entry) {
      for (const command of entry.commands) this.applyLeniently(command, entry.at);
    }
    if ('operator' in entry) this.operator = entry.operator;
    if ('storyStarted' in entry) this.startedAt = entry.at;
    if ('step' in entry) this.played = entry.step + 1;
    if ('clockTo' in entry && entry.clockTo !== undefined) this.clock.moveTo(entry.clockTo);
  }

  private applyLeniently(command: Command, at: number): void {
    try {
      applyCommand(this.account, command, at);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
}

const newAccount = (config: Config): Opened => ({
  v: 1,
  accountId: ACCOUNT_ID,
  homeRegion: HOME_REGION,
  seed: config.seed ?? randomBytes(16).toString('hex'),
  story: config.story,
});

function openedBy(first: Entry, log: CommandLog, config: Config): Opened {
  if (!('opened' in first) || first.opened.v !== 1)
    throw new LogUnusable(`${log.path} does not begin as this version writes it.`);
  if (first.opened.story === config.story) return first.opened;
  throw new LogUnusable(
    `${log.path} holds an account with STORY=${first.opened.story}, not ${config.story}; name another SIMULATOR_DATA_DIR for that.`,
  );
}

const stepCount = (): number => creditScoring(0).steps.length;

/** The story begins so far in the past that it ends in the present. */
function initialLagSeconds(config: Config): number {
  if (config.clockLagSeconds !== null) return config.clockLagSeconds;
  if (config.story === 'none') return config.mode === 'manual' ? 86_400 : 0;
  const length = Math.max(...creditScoring(0).steps.map((step) => step.offsetSeconds));
  return config.mode === 'manual' ? length + MANUAL_MARGIN_SECONDS : length * (1 - 1 / config.speed);
}
