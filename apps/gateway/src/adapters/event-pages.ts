import type { OrganisationId } from '@audital/contracts';
import type { EventFilter } from '../domain/event-filter';
import type { EventView } from '../domain/event-view';
import { makeCursor, openCursor } from '../domain/page-cursor';
import { ApiError } from '../http/api-error';
import type { ChainIndex } from './chain-index';
import type { EventReader } from './event-reader';

export interface EventPage {
  data: EventView[];
  pagination: { nextCursor: string | null; hasMore: boolean };
}

/** Pages of events, newest first by chainPosition: found by the index, read and verified from the ledger. */
export class EventPages {
  constructor(private readonly o: { index: ChainIndex; reader: EventReader; cursorSecret: Uint8Array }) {}

  /** Throws ApiError 400 for a cursor that is not of this organisation. */
  async page(
    organisationId: OrganisationId,
    q: { filter: EventFilter; limit: number; cursor: string | undefined },
  ): Promise<EventPage> {
    const after = q.cursor === undefined ? null : this.positionOf(organisationId, q.cursor);
    const found = this.o.index.find({
      organisationId,
      filter: q.filter,
      order: 'DESC',
      after,
      below: null,
      limit: q.limit + 1,
    });
    const positions = found.slice(0, q.limit);
    const hasMore = found.length > q.limit;
    const nextCursor = hasMore ? this.cursorAfter(organisationId, positions.at(-1) as number) : null;
    return { data: await this.o.reader.views(organisationId, positions), pagination: { nextCursor, hasMore } };
  }

  cursorAfter(organisationId: OrganisationId, position: number): string {
    return makeCursor(this.o.cursorSecret, organisationId, position);
  }

  positionOf(organisationId: OrganisationId, cursor: string): number {
    const position = openCursor(this.o.cursorSecret, organisationId, cursor);
    if (position !== null) return position;
    const problem = {
      pointer: 'query:cursor',
      code: 'INVALID_CURSOR',
      message: 'Use pagination.nextCursor of the page before, unchanged.',
    };
    throw new ApiError('INVALID_CURSOR', 'The cursor was altered, cut, or issued to another organisation.', {
      problems: [problem],
    });
  }
}
