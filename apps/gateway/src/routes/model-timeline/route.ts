import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { EventPage, EventPages } from '../../adapters/event-pages';
import { ApiError } from '../../http/api-error';
import { nextLink } from '../../http/next-link';
import { Caller, Needs } from '../../http/scopes.guard';
import { PAGES } from '../../tokens';
import { EventList } from '../event-answer';
import { PageQuery } from '../paging-query';

@ApiTags('Models')
@ApiBearerAuth()
@Controller('v1/models/:id/timeline')
export class ModelTimelineRoute {
  constructor(@Inject(PAGES) private readonly pages: EventPages) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'What happened to a model',
    description: 'Its trainings, deployments, alerts and reviews, newest first.',
  })
  @ApiOkResponse({ type: EventList })
  async handle(
    @Caller() caller: Identity,
    @Param('id') modelId: string,
    @Query() { limit, cursor }: PageQuery,
    @Req() request: Request,
  ): Promise<EventPage> {
    const page = await this.pages.page(caller.organisation.organisationId, { filter: { modelId }, limit, cursor });
    if (page.data.length === 0 && cursor === undefined)
      throw new ApiError('MODEL_NOT_FOUND', `Your organisation has no model ${modelId.slice(0, 64)}.`);
    const { nextCursor } = page.pagination;
    if (nextCursor !== null) request.res?.setHeader('Link', nextLink(request.originalUrl, nextCursor));
    return page;
  }
}
