import { applyChange, type Change, type Cursor, emptyCursor, keyOf, type Scope } from './cursor';
import type { JobSummary } from './jobs';
import {
  applyLookBack,
  emptyLookBack,
  isToTell,
  jobsLeft,
  type LookBack,
  type LookBackChange,
  lowerBound,
  planLookBack,
  waitAfter,
} from './look-back';

const DAY = 24 * 60 * 60_000;
const T0 = Date.parse('2026-03-02T12:00:00.000Z');
const at = (days: number): string => new Date(T0 + days * DAY).toISOString();
const SCOPE = { namePrefix: null, tags: {} };

/** Watched since T0, marked so many days later. */
function watched(days: number, ...changes: Change[]): Cursor {
  const cursor = emptyCursor();
  for (const day of [0, days])
    applyChange(cursor, {
      kind: 'mark',
      at: at(day),
      highWater: { training: at(day), processing: at(day) },
      scope: SCOPE,
    });
  for (const change of changes) applyChange(cursor, change);
  return cursor;
}
function given(...changes: LookBackChange[]): LookBack {
  const state = emptyLookBack();
  applyLookBack(state, { v: 1, changes: changes as never });
  return state;
}
const job = (over: Partial<JobSummary> = {}): JobSummary => ({
  arn: 'arn:aws:sagemaker:eu-west-2:123456789012:training-job/x',
  name: 'x',
  createdAt: at(1),
  status: 'Completed',
  endedAt: at(1.1),
  ...over,
});

describe('backfill', () => {
  const plan = (state: LookBack, live: Cursor, backfillDays = 30) =>
    planLookBack('BACKFILL', state, { live, backfillDays, scope: live.scope ?? SCOPE });
  const begins = (from: number, to: number, anchor = to) => ({
    run: { from: at(from), to: at(to), begins: true, anchor: at(anchor) },
  });
  const run = (from: number, to: number, scope: Scope = SCOPE): LookBackChange[] => [
    { kind: 'look-began', from: at(from), to: at(to), anchor: at(to), scope },
    { kind: 'look-ended', at: at(to + 0.1) },
  ];

  it('is opt-in, waits for the first poll, and then looks at the days before it, once', () => {
    expect(plan(given(), watched(1), 0)).toEqual({ waitMs: null });
    expect(plan(given(), emptyCursor())).toEqual({ waitMs: 60_000 });
    expect(plan(given(), watched(1))).toEqual(begins(-30, 0));
    expect(plan(given(...run(-30, 0)), watched(1))).toEqual({ waitMs: null });
    expect(waitAfter('BACKFILL')).toBeNull();
  });

  it('goes on where it stopped, and with more days only looks at what those add', () => {
    const state = given(
      { kind: 'look-began', from: at(-30), to: at(0) },
      { kind: 'look-reached', jobs: 'training', to: at(-20) },
    );
    expect(plan(state, watched(1))).toMatchObject({ run: { begins: false, from: at(-30) } });
    expect(lowerBound(state.run as never, 'training')).toBe('2026-02-10T11:59:59.999Z');
    expect(jobsLeft(state.run as never)).toEqual(['training', 'processing']);
    applyLookBack(state, {
      v: 1,
      changes: [
        { kind: 'look-through', jobs: 'training' },
        { kind: 'look-through', jobs: 'processing' },
      ],
    });
    expect(jobsLeft(state.run as never)).toEqual([]);
    applyLookBack(state, { v: 1, changes: [{ kind: 'look-ended', at: at(0.1) }] });
    expect(plan(state, watched(1), 40)).toEqual(begins(-40, -30, 0));
  });

  const marked = (day: number, scope: Scope): Change => ({
    kind: 'mark',
    at: at(day),
    highWater: { training: at(day), processing: at(day) },
    scope,
  });
  const narrow: Scope = { namePrefix: 'credit-', tags: { Team: 'risk' } };

  it.each<[string, Scope, Scope, boolean]>([
    ['a shorter prefix', narrow, { ...narrow, namePrefix: 'c' }, true],
    ['another prefix', narrow, { ...narrow, namePrefix: 'fraud-' }, true],
    ['a tag less', narrow, { ...narrow, tags: {} }, true],
    ['another value', narrow, { ...narrow, tags: { Team: 'fraud' } }, true],
    ['a longer prefix', narrow, { ...narrow, namePrefix: 'credit-scorer' }, false],
    ['a tag more', narrow, { ...narrow, tags: { Team: 'risk', Environment: 'production' } }, false],
  ])('after %s looks again at the days before the change: %s', (_name, before, after, again) => {
    const live = watched(1, marked(1.5, before), marked(5, after), marked(6, after));
    const done = given(...run(-30, 1.5, before));
    expect(plan(done, live)).toEqual(again ? begins(-25, 5) : { waitMs: null });
    applyLookBack(done, { v: 1, changes: run(-25, 5, after) as never });
    expect(plan(done, live)).toEqual({ waitMs: null });
    const o = { live, jobs: 'training', settled: new Set<string>(), own: done } as const;
    expect(isToTell('BACKFILL', job({ endedAt: at(4) }), o)).toBe(true);
    expect(isToTell('BACKFILL', job({ endedAt: at(5.5) }), o)).toBe(false);
  });

  it('waits until a live poll has looked with the changed filters', () => {
    const wider = { namePrefix: null, tags: {} };
    const live = watched(1, marked(2, narrow));
    const o = { live, backfillDays: 30, scope: wider };
    expect(planLookBack('BACKFILL', given(...run(-30, 0, narrow)), o)).toEqual({ waitMs: 60_000 });
  });

  it('tells what had ended when the first poll looked, and leaves the rest to the live polls', () => {
    const o = { live: watched(1), jobs: 'training', settled: new Set<string>(), own: given() } as const;
    expect(isToTell('BACKFILL', job({ endedAt: at(-1) }), o)).toBe(true);
    expect(isToTell('BACKFILL', job({ endedAt: at(0.5) }), o)).toBe(false);
    expect(isToTell('BACKFILL', job({ endedAt: at(-1), status: 'InProgress' }), o)).toBe(false);
  });
});

describe('reconciliation', () => {
  const plan = (state: LookBack, live: Cursor) =>
    planLookBack('RECONCILE', state, { live, backfillDays: 0, scope: SCOPE });

  it('is due a day after the first poll, and then daily', () => {
    expect(plan(given(), watched(0.25))).toEqual({ waitMs: 0.75 * DAY });
    expect(plan(given(), watched(1))).toMatchObject({ run: { begins: true, from: at(-30) } });
    const done = given({ kind: 'look-began', from: at(-30), to: at(1) }, { kind: 'look-ended', at: at(1) });
    expect(plan(done, watched(1.5))).toEqual({ waitMs: 0.5 * DAY });
    expect(plan(done, watched(40))).toMatchObject({ run: { from: at(5) } });
    expect(waitAfter('RECONCILE')).toBe(DAY);
  });

  const known: Change = { kind: 'job-open', jobs: 'training', job: { ...job(), openStatus: 'InProgress' } };
  it.each<
    [string, boolean, { job?: Partial<JobSummary>; live?: Change[]; settled?: string[]; own?: LookBackChange[] }]
  >([
    ['that nobody told', true, {}],
    ['that the live polls settled', false, { settled: [keyOf(job())] }],
    [
      'of a name that was used again, whose other job was settled',
      true,
      { settled: [keyOf(job({ createdAt: at(0.5) }))] },
    ],
    ['that is in the register: the next live poll tells it', false, { live: [known] }],
    ['that it found before', false, { own: [{ kind: 'look-settled', keys: [keyOf(job())] }] }],
    ['that runs', false, { job: { status: 'InProgress', endedAt: null } }],
    ['that had ended before anybody looked', false, { job: { endedAt: at(-0.5) } }],
    [
      'that ended before these filters stood',
      false,
      {
        live: [
          {
            kind: 'mark',
            at: at(2),
            highWater: { training: at(2), processing: at(2) },
            scope: { namePrefix: 'x', tags: {} },
          },
        ],
      },
    ],
  ])('a job %s: %s', (_name, expected, o) => {
    const settled = new Set(o.settled ?? []);
    const live = watched(3, ...(o.live ?? []));
    const own = given(...(o.own ?? []));
    expect(isToTell('RECONCILE', job(o.job), { live, jobs: 'training', settled, own })).toBe(expected);
  });
});
