import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { EventPage, EventPages } from '../../adapters/event-pages';
import { nextLink } from '../../http/next-link';
import { Caller, Needs } from '../../http/scopes.guard';
import { PAGES } from '../../tokens';
import { EventList } from '../event-answer';
import { filterOf } from '../event-filter-query';
import { ListEventsQuery } from './request';

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit')
export class ListEventsRoute {
  constructor(@Inject(PAGES) private readonly pages: EventPages) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'List events',
    description:
      'Newest first by chainPosition. Each was read from the ledger and verified for this answer. A cursor stays right while events arrive.',
  })
  @ApiOkResponse({ type: EventList })
  async handle(
    @Caller() caller: Identity,
    @Query() query: ListEventsQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventPage> {
    const { limit, cursor } = query;
    const page = await this.pages.page(caller.organisation.organisationId, { filter: filterOf(query), limit, cursor });
    const { nextCursor } = page.pagination;
    if (nextCursor !== null) response.setHeader('Link', nextLink(request.originalUrl, nextCursor));
    return page;
  }
}
