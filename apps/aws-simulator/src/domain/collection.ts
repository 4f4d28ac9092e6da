import { Refused } from './refused';

/** What every listed resource has. `ordinal` makes the order total where creation times are equal. */
export interface Item {
  name: string;
  createdAt: number;
  ordinal: number;
}

/** Resources in ascending order of (creation time, ordinal), computed on access: half a million jobs cost nothing until they are read. */
export interface History<T> {
  size: number;
  at(index: number): T;
  byName(name: string): T | undefined;
}

/** Where a page ended: the sort key and ordinal of its last item. */
export interface Position {
  key: string | number;
  ordinal: number;
}

export interface PageQuery<T> {
  /** Null: by creation time, the only order in which the bounds below shorten the walk. */
  sortKey: ((item: T) => string | number) | null;
  /** Generated names ascend with their index, so histories need no sorting here. */
  byName?: boolean;
  descending: boolean;
  after: Position | null;
  limit: number;
  /** Creation times in milliseconds, both inclusive. */
  createdFrom?: number | null;
  createdTo?: number | null;
  hidden?: (item: T) => boolean;
}

export interface Page<T> {
  items: T[];
  /** Where the next page starts, or null after the last. */
  next: Position | null;
  /** Behind its last item; null when it has none. */
  end: Position | null;
}

interface View<T> {
  size: number;
  at(index: number): T;
}

/** The resources of one kind in one region, listed by keyset: a page costs its own length, whatever the history. */
export class Collection<T extends Item> {
  private readonly named = new Map<string, T>();
  private byCreation: T[] = [];
  private readonly histories: History<T>[] = [];
  private sortedByName: T[] | null = null;

  constructor(private readonly kind: string) {}

  add(item: T): void {
    if (this.get(item.name)) throw new Refused('CONFLICT', `${this.kind} ${item.name} exists already.`);
    this.named.set(item.name, item);
    this.byCreation.splice(
      firstIndex(arrayView(this.byCreation), (other) => precedes(item, other)),
      0,
      item,
    );
    this.sortedByName = null;
  }

  addHistory(history: History<T>): void {
    this.histories.push(history);
  }

  get(name: string): T | undefined {
    const own = this.named.get(name);
    if (own) return own;
    for (const history of this.histories) {
      const found = history.byName(name);
      if (found) return found;
    }
    return undefined;
  }

  /** For commands: only what was made one by one can be changed. */
  require(name: string): T {
    const item = this.named.get(name);
    if (item) return item;
    throw new Refused('NOT_FOUND', `${this.kind} ${name} does not exist, or belongs to a generated history.`);
  }

  remove(name: string): T {
    const item = this.require(name);
    this.named.delete(name);
    this.byCreation = this.byCreation.filter((other) => other !== item);
    this.sortedByName = null;
    return item;
  }

  values(): T[] {
    return [...this.byCreation];
  }

  get size(): number {
    return this.histories.reduce((sum, history) => sum + history.size, this.byCreation.length);
  }

  page(query: PageQuery<T>): Page<T> {
    const cursors = this.views(query).map((view) => new Cursor(view, query));
    const items: T[] = [];
    for (;;) {
      const best = cursors.reduce<Cursor<T> | null>((first, one) => (one.isBefore(first) ? one : first), null);
      const last = items[items.length - 1];
      const end = last === undefined ? null : positionOf(query, last);
      if (best === null) return { items, next: null, end };
      const item = best.take();
      if (query.hidden?.(item)) continue;
      if (items.length === query.limit) return { items, next: end, end };
      items.push(item);
    }
  }

  private views(query: PageQuery<T>): View<T>[] {
    const { sortKey } = query;
    if (sortKey === null) return [arrayView(this.byCreation), ...this.histories];
    const compare = (a: T, b: T): number => compareKeys(sortKey(a), a.ordinal, { key: sortKey(b), ordinal: b.ordinal });
    if (query.byName === true) {
      this.sortedByName ??= this.values().sort(compare);
      return [arrayView(this.sortedByName), ...this.histories];
    }
    const all = this.histories.flatMap((history) =>
      Array.from({ length: history.size }, (_, index) => history.at(index)),
    );
    return [arrayView([...this.byCreation, ...all].sort(compare))];
  }
}

/** Walks one sorted view within the query's bounds, in its direction. */
class Cursor<T extends Item> {
  private index: number;
  private readonly end: number;
  private readonly step: 1 | -1;

  constructor(
    private readonly view: View<T>,
    private readonly query: PageQuery<T>,
  ) {
    const { after, descending, createdFrom = null, createdTo = null, sortKey } = query;
    const bounded = sortKey === null;
    let from = bounded && createdFrom !== null ? firstIndex(view, (item) => item.createdAt >= createdFrom) : 0;
    let to = bounded && createdTo !== null ? firstIndex(view, (item) => item.createdAt > createdTo) : view.size;
    if (after !== null && !descending)
      from = Math.max(
        from,
        firstIndex(view, (item) => this.compare(item, after) > 0),
      );
    if (after !== null && descending)
      to = Math.min(
        to,
        firstIndex(view, (item) => this.compare(item, after) >= 0),
      );
    this.step = descending ? -1 : 1;
    this.index = descending ? to - 1 : from;
    this.end = descending ? from - 1 : Math.max(from, to);
    if (from >= to) this.index = this.end;
  }

  isBefore(other: Cursor<T> | null): boolean {
    if (this.index === this.end) return false;
    if (other === null) return true;
    const theirs = other.view.at(other.index);
    const order = this.compare(this.view.at(this.index), { key: keyOf(this.query, theirs), ordinal: theirs.ordinal });
    return order * this.step < 0;
  }

  take(): T {
    const item = this.view.at(this.index);
    this.index += this.step;
    return item;
  }

  private compare(item: T, position: Position): number {
    return compareKeys(keyOf(this.query, item), item.ordinal, position);
  }
}

const keyOf = <T extends Item>(query: PageQuery<T>, item: T): string | number =>
  query.sortKey === null ? item.createdAt : query.sortKey(item);

const positionOf = <T extends Item>(query: PageQuery<T>, item: T): Position => ({
  key: keyOf(query, item),
  ordinal: item.ordinal,
});

const compareKeys = (key: string | number, ordinal: number, other: Position): number =>
  key < other.key ? -1 : key > other.key ? 1 : ordinal - other.ordinal;

const precedes = (a: Item, b: Item): boolean =>
  compareKeys(a.createdAt, a.ordinal, { key: b.createdAt, ordinal: b.ordinal }) < 0;

const arrayView = <T>(items: T[]): View<T> => ({ size: items.length, at: (index) => items[index] as T });

/** Binary search: the first index at which `holds` is true, given that it stays true from there on. */
function firstIndex<T>(view: View<T>, holds: (item: T) => boolean): number {
  let low = 0;
  let high = view.size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(view.at(middle))) high = middle;
    else low = middle + 1;
  }
  return low;
}
