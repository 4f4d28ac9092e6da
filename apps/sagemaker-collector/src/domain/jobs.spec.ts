import { worthAnotherPage } from './jobs';

const NOW = Date.parse('2026-03-02T12:00:00.000Z');
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

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
