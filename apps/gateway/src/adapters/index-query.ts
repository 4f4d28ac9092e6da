import type { OrganisationId } from '@audital/contracts';
import type { EventFilter } from '../domain/event-filter';

export interface PositionQuery {
  organisationId: OrganisationId;
  filter: EventFilter;
  order: 'ASC' | 'DESC';
  /** Exclusive: positions below it when descending, above it when ascending. */
  after: number | null;
  /** Exclusive upper bound, whatever the order. */
  below: number | null;
  limit: number;
}

/** The one query of the index. Every clause is bound to the organisation. */
export function positionQuery(q: PositionQuery): { sql: string; values: (string | number)[] } {
  const clauses = ['organisation = ?'];
  const values: (string | number)[] = [q.organisationId];
  const add = (clause: string, ...bound: (string | number)[]): void => {
    clauses.push(clause);
    values.push(...bound);
  };
  const { filter } = q;
  for (const [column, wanted] of Object.entries({
    event_type: filter.eventType,
    severity: filter.severity,
    source: filter.source,
  })) {
    if (wanted !== undefined) add(`${column} IN (${wanted.map(() => '?').join(', ')})`, ...wanted);
  }
  if (filter.modelId !== undefined) add('model_id = ?', filter.modelId);
  if (filter.integrationId !== undefined) add('integration_id = ?', filter.integrationId);
  if (filter.from !== undefined) add('timestamp >= ?', filter.from);
  if (filter.to !== undefined) add('timestamp < ?', filter.to);
  for (const tag of filter.tags ?? []) {
    add(
      'EXISTS (SELECT 1 FROM tags WHERE tags.organisation = events.organisation AND tag = ? AND tags.position = events.position)',
      tag,
    );
  }
  if (q.after !== null) add(q.order === 'DESC' ? 'position < ?' : 'position > ?', q.after);
  if (q.below !== null) add('position < ?', q.below);
  values.push(q.limit);
  return {
    sql: `SELECT position FROM events WHERE ${clauses.join(' AND ')} ORDER BY position ${q.order} LIMIT ?`,
    values,
  };
}
