import type { OrganisationId } from '@audital/contracts';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex, ModelRow } from '../../adapters/chain-index';
import type { EventPages } from '../../adapters/event-pages';
import type { EventReader } from '../../adapters/event-reader';
import type { EventView } from '../../domain/event-view';
import { type ModelView, modelView } from '../../domain/model-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { EVENTS, INDEX, PAGES } from '../../tokens';
import { PageQuery } from '../paging-query';
import { ModelList } from './answer';

interface ModelPage {
  data: ModelView[];
  pagination: { nextCursor: string | null; hasMore: boolean };
}

@ApiTags('Models')
@ApiBearerAuth()
@Controller('v1/models')
export class ListModelsRoute {
  constructor(
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(EVENTS) private readonly events: EventReader,
    @Inject(PAGES) private readonly pages: EventPages,
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'List the models',
    description: 'Every model that an event belongs to, in the order in which they were first met.',
  })
  @ApiOkResponse({ type: ModelList })
  async handle(@Caller() caller: Identity, @Query() { limit, cursor }: PageQuery): Promise<ModelPage> {
    const { organisationId } = caller.organisation;
    const after = cursor === undefined ? -1 : this.pages.positionOf(organisationId, cursor);
    const found = this.index.models(organisationId, { after, limit: limit + 1 });
    const rows = found.slice(0, limit);
    const hasMore = found.length > limit;
    const nextCursor = hasMore ? this.pages.cursorAfter(organisationId, (rows.at(-1) as ModelRow).firstPosition) : null;
    return { data: await this.views(organisationId, rows), pagination: { nextCursor, hasMore } };
  }

  /** What is told of a model comes from its events as they are stored; the index only finds and counts them. */
  private async views(organisationId: OrganisationId, rows: ModelRow[]): Promise<ModelView[]> {
    const places = rows.map((row) => ({ row, registration: this.registration(organisationId, row.modelId) }));
    const wanted = places.flatMap(({ row, registration }) => [
      row.firstPosition,
      row.lastPosition,
      registration ?? row.firstPosition,
    ]);
    const views = await this.events.views(organisationId, [...new Set(wanted)]);
    const events = new Map<number | null, EventView>(views.map((event) => [event.chainPosition, event]));
    return places.map(({ row, registration }) =>
      modelView(row, {
        first: events.get(row.firstPosition),
        last: events.get(row.lastPosition),
        registration: events.get(registration),
      }),
    );
  }

  private registration(organisationId: OrganisationId, modelId: string): number | null {
    const filter = { eventType: ['MODEL_REGISTERED'], modelId };
    return this.index.find({ organisationId, filter, order: 'ASC', after: null, below: null, limit: 1 })[0] ?? null;
  }
}
