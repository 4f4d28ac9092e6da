import type { Collection, Item, Position } from '../domain/collection';
import type { JsonObject } from '../domain/json';
import { enumIn, integerIn, textIn, timeIn } from './input';
import type { Call, Operation } from './operation';
import { issueToken, readToken } from './page-token';

export interface ListKind<T extends Item> {
  name: string;
  /** The member of the answer that holds the summaries. */
  output: string;
  collection: (call: Call) => Collection<T>;
  summary: (item: T, call: Call) => JsonObject;
  /** What it can be sorted by besides CreationTime; `Name` is understood everywhere. */
  sorts: Record<string, (item: T) => string | number>;
  defaultOrder: 'Ascending' | 'Descending';
  /** AWS documents "created after" as ≥ for endpoints and models and as > for jobs. */
  afterIsInclusive: boolean;
  /** Filters besides those of creation time. All are applied to the page after it has been cut. */
  filters: (call: Call) => (item: T) => boolean;
}

/**
 * A list as AWS answers it: the page is cut first and filtered then, so a page may be empty and still have a NextToken. Only the creation
 * window, with SortBy=CreationTime, shortens the walk.
 */
export function listOperation<T extends Item>(kind: ListKind<T>): Operation {
  return {
    action: `sagemaker:${kind.name}`,
    resource: () => '*',
    run: (call) => {
      const { input } = call;
      const { limits } = call.account;
      const sortBy = enumIn(input, 'SortBy', ['CreationTime', ...Object.keys(kind.sorts)]) ?? 'CreationTime';
      const order = enumIn(input, 'SortOrder', ['Ascending', 'Descending']) ?? kind.defaultOrder;
      const window = creationWindow(call, kind);
      const filter = kind.filters(call);
      const after = readToken(kind.name, call);
      const empty = emptyPagesLeft(kind.name, call, after);
      if (empty > 0) {
        const token = issueToken(kind.name, call, { key: '', ordinal: 1 - empty });
        return { [kind.output]: [], NextToken: token };
      }
      const page = kind.collection(call).page({
        sortKey: sortBy === 'CreationTime' ? null : (kind.sorts[sortBy] ?? null),
        byName: sortBy === 'Name',
        descending: order === 'Descending',
        after: after !== null && after.ordinal <= 0 ? null : after,
        limit: Math.min(integerIn(input, 'MaxResults', { min: 1, max: 100 }) ?? 10, limits.pageItemsMax ?? 100),
        createdFrom: window.from,
        createdTo: window.to,
        hidden: (item) => item.createdAt + limits.visibilityDelayMs > call.now,
      });
      const inWindow = page.items.filter(
        (item) =>
          (window.from === null || item.createdAt >= window.from) &&
          (window.to === null || item.createdAt <= window.to),
      );
      const summaries = inWindow.filter(filter).map((item) => kind.summary(item, call));
      const next = page.next ?? (limits.emptyLastPage ? page.end : null);
      if (next === null) return { [kind.output]: summaries };
      return { [kind.output]: summaries, NextToken: issueToken(kind.name, call, next) };
    },
  };
}

/** Ordinals of resources are positive: a token with another one counts the empty pages that are still to come. */
function emptyPagesLeft(operation: string, { account }: Call, after: Position | null): number {
  if (after === null) return account.limits.emptyPages[operation] ?? 0;
  return after.ordinal <= 0 ? -after.ordinal : 0;
}

function creationWindow(call: Call, kind: { afterIsInclusive: boolean }): { from: number | null; to: number | null } {
  const after = timeIn(call.input, 'CreationTimeAfter');
  const before = timeIn(call.input, 'CreationTimeBefore');
  return {
    from: after === null ? null : kind.afterIsInclusive ? after : after + 1,
    to: before === null ? null : before - 1,
  };
}

/** LastModifiedTimeAfter and LastModifiedTimeBefore. */
export function modifiedFilter(call: Call): (item: { modifiedAt: number }) => boolean {
  return timeFilter(call, 'LastModifiedTime', (item: { modifiedAt: number }) => item.modifiedAt);
}

export function timeFilter<T>(call: Call, member: string, timeOf: (item: T) => number): (item: T) => boolean {
  const after = timeIn(call.input, `${member}After`);
  const before = timeIn(call.input, `${member}Before`);
  return (item) => (after === null || timeOf(item) > after) && (before === null || timeOf(item) < before);
}

export function nameFilter(call: Call, pattern?: RegExp): (item: { name: string }) => boolean {
  const part = textIn(call.input, 'NameContains', { max: 63, ...(pattern ? { pattern } : {}) });
  return (item) => part === null || item.name.includes(part);
}

export function statusFilter(call: Call, allowed: readonly string[]): (item: { status: string }) => boolean {
  const status = enumIn(call.input, 'StatusEquals', allowed);
  return (item) => status === null || item.status === status;
}

/** A filter that asks for one exact text. */
export function equalsFilter<T>(call: Call, member: string, textOf: (item: T) => string | null): (item: T) => boolean {
  const wanted = textIn(call.input, member);
  return (item) => wanted === null || textOf(item) === wanted;
}

export const allOf =
  <T>(...filters: ((item: T) => boolean)[]): ((item: T) => boolean) =>
  (item) =>
    filters.every((filter) => filter(item));
