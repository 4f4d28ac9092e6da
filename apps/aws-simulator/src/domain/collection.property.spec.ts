import { assert, array, boolean, constantFrom, integer, property, record } from 'fast-check';
import { Collection, type Item, type PageQuery, type Position } from './collection';

interface Thing extends Item {
  status: string;
}

const things = array(record({ createdAt: integer({ min: 0, max: 5 }), status: constantFrom('a', 'b') }), {
  maxLength: 30,
});
const queries = record({
  sort: constantFrom('created', 'name', 'status'),
  descending: boolean(),
  limit: integer({ min: 1, max: 7 }),
  historySize: integer({ min: 0, max: 12 }),
});

const keyOf = {
  created: (thing: Thing) => thing.createdAt,
  name: (thing: Thing) => thing.name,
  status: (thing: Thing) => thing.status,
};

/** All pages, one after the other, as a caller follows them. */
function walk(collection: Collection<Thing>, query: Omit<PageQuery<Thing>, 'after'>): Thing[] {
  const found: Thing[] = [];
  for (let after: Position | null = null; ;) {
    const page = collection.page({ ...query, after });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    found.push(...page.items);
    if (page.next === null) return found;
    expect(page.items).toHaveLength(query.limit);
    after = page.next;
  }
}

const historyThing = (index: number, ordinal: number): Thing => ({
  name: `history-${String(index).padStart(2, '0')}`,
  createdAt: Math.floor(index / 3),
  status: index % 2 ? 'a' : 'b',
  ordinal,
});

describe('a collection', () => {
  it('gives every resource exactly once and in order, whatever the page size, the sort key and the history', () => {
    assert(
      property(things, queries, (given, { sort, descending, limit, historySize }) => {
        const collection = new Collection<Thing>('thing');
        const history = Array.from({ length: historySize }, (_, index) => historyThing(index, index + 1));
        collection.addHistory({
          size: historySize,
          at: (index) => history[index] as Thing,
          byName: (name) => history.find((thing) => thing.name === name),
        });
        const own = given.map((thing, index) => ({ ...thing, name: `thing-${index}`, ordinal: 100 + index }));
        own.forEach((thing) => collection.add(thing));
        const key = keyOf[sort];
        const expected = [...own, ...history].sort((a, b) => {
          const [x, y] = [key(a), key(b)];
          return (x < y ? -1 : x > y ? 1 : a.ordinal - b.ordinal) * (descending ? -1 : 1);
        });
        const found = walk(collection, {
          sortKey: sort === 'created' ? null : key,
          byName: sort === 'name',
          descending,
          limit,
        });
        expect(found.map((thing) => thing.name)).toEqual(expected.map((thing) => thing.name));
      }),
      { seed: 7, numRuns: 300 },
    );
  });

  it('keeps to a window of creation times', () => {
    assert(
      property(
        things,
        integer({ min: 0, max: 5 }),
        integer({ min: 0, max: 5 }),
        boolean(),
        (given, from, to, descending) => {
          const collection = new Collection<Thing>('thing');
          given.forEach((thing, index) => collection.add({ ...thing, name: `thing-${index}`, ordinal: index }));
          const found = walk(collection, { sortKey: null, descending, limit: 3, createdFrom: from, createdTo: to });
          const expected = collection.values().filter((thing) => thing.createdAt >= from && thing.createdAt <= to);
          expect(found).toEqual(descending ? expected.reverse() : expected);
        },
      ),
      { seed: 8, numRuns: 200 },
    );
  });
});
