import { EventFilterQuery } from '../event-filter-query';
import { LIMIT, PageCursor, PageLimit } from '../paging-query';

export class ListEventsQuery extends EventFilterQuery {
  @PageLimit()
  limit: number = LIMIT.default;

  @PageCursor()
  cursor?: string;
}
