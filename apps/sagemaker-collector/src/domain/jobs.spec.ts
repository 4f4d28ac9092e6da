import * as fc from 'fast-check';
import { after, first, job, later, minutesAgo, NOW, watching } from '../testing/given';
import { emptyCursor } from './cursor';
import { compareJobs, type JobSummary, windowFrom, worthAnotherPage } from './jobs';

const ago = minutesAgo;

describe('training jobs in a listed window', () => {
  it('at the first poll what runs goes into the register, and what has ended is nobody’s news', () => {
    const seen = compareJobs(
      emptyCursor(),
      'training',
      [job('runs', 'InProgress', 5000), job('ended', 'Completed', 5), job('old', 'Completed', 5000)],
      first(NOW),
    );
    expect(seen.ended).toEqual([]);
    expect(seen.changes.map((change) => change.kind)).toEqual(['job-open', 'job-settled']);
  });

  it('tells what ends after that, however long ago it began', () => {
    const before = compareJobs(emptyCursor(), 'training', [job('runs', 'InProgress', 5000)], first(minutesAgo(10)));
    const cursor = after(watching(10), before.changes);
    expect(compareJobs(cursor, 'training', [job('runs', 'Stopped', 5000)], later(NOW)).ended).toHaveLength(1);
    expect(windowFrom(cursor, 'training', minutesAgo(25)) < minutesAgo(5000)).toBe(true);
  });

  it('tells a job that was shorter than a poll, once', () => {
    const short = job('short', 'Completed', 1);
    const cursor = watching(5);
    expect(compareJobs(cursor, 'training', [short], later(NOW)).ended).toEqual([short]);
    after(cursor, [{ kind: 'job-settled', jobs: 'training', job: { ...short, openStatus: null } }]);
    expect(compareJobs(cursor, 'training', [short], later(NOW)).ended).toEqual([]);
  });

  it('a name that is used again after a deletion is another job', () => {
    const cursor = after(watching(5), [
      { kind: 'job-settled', jobs: 'training', job: { ...job('again', 'Completed', 4), openStatus: null } },
    ]);
    expect(compareJobs(cursor, 'training', [job('again', 'Failed', 1)], later(NOW)).ended).toHaveLength(1);
  });

  it('says which open jobs the list did not show', () => {
    const cursor = after(watching(5), [
      { kind: 'job-open', jobs: 'training', job: { ...job('gone', 'InProgress', 3), openStatus: 'InProgress' } },
    ]);
    expect(compareJobs(cursor, 'training', [], later(NOW)).unlisted.map(({ name }) => name)).toEqual(['gone']);
  });

  it('does not tell as new what lies below the overlap: it was settled and forgotten', () => {
    expect(compareJobs(watching(5), 'training', [job('forgotten', 'Completed', 60)], later(NOW)).ended).toEqual([]);
  });

  it('the order of the list does not matter, and 500 jobs of one millisecond are 500', () => {
    const jobs = Array.from({ length: 500 }, (_, index) =>
      job(`same-${index}`, index % 2 ? 'Completed' : 'InProgress', 1),
    );
    const names = (listed: JobSummary[]): string[] =>
      compareJobs(watching(5), 'training', listed, later(NOW))
        .ended.map(({ name }) => name)
        .sort();
    fc.assert(
      fc.property(fc.shuffledSubarray(jobs, { minLength: 500 }), (shuffled) =>
        expect(names(shuffled)).toEqual(names(jobs)),
      ),
      { seed: 7, numRuns: 5 },
    );
    expect(names(jobs)).toHaveLength(250);
  });
});

describe('whether the next page is worth its call', () => {
  const since = ago(15);
  const to = ago(0);
  const open = (...minutes: number[]) => minutes.map((one) => ({ createdAt: ago(one) }));

  it.each([
    ['nothing was listed yet', true, { reached: null, items: 0, open: [] }],
    ['what may be new is not listed whole', true, { reached: ago(10), items: 100, open: [] }],
    ['the page ended inside the last millisecond that may be new', true, { reached: since, items: 100, open: [] }],
    ['everything is listed', false, { reached: ago(20), items: 100, open: open(5) }],
    [
      'one open job lies further back: a Describe is one call too',
      false,
      { reached: ago(20), items: 100, open: open(30) },
    ],
    ['two lie on the next page', true, { reached: ago(20), items: 100, open: open(30, 35) }],
    ['two lie ten pages away', false, { reached: ago(20), items: 100, open: open(200, 220) }],
    [
      'twenty lie ten pages away',
      true,
      { reached: ago(20), items: 100, open: open(...Array.from({ length: 20 }, (_, i) => 200 + i)) },
    ],
    [
      'an open job shares the millisecond in which the page ended, and another is near',
      true,
      { reached: ago(20), items: 100, open: open(20, 21) },
    ],
  ])('%s: %s', (_name, expected, o) => expect(worthAnotherPage({ since, to, ...o })).toBe(expected));
});
