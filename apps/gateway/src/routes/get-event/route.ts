import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex } from '../../adapters/chain-index';
import type { EventReader } from '../../adapters/event-reader';
import type { EventView } from '../../domain/event-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { EVENTS, INDEX } from '../../tokens';
import { EventAnswer } from '../event-answer';
import { positionOf } from '../position-of';

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit')
export class GetEventRoute {
  constructor(
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(EVENTS) private readonly events: EventReader,
  ) {}

  @Get(':id')
  @Needs('audit:read')
  @ApiOperation({
    summary: 'Read an event',
    description: 'Verified as it is read: `verification` says how far, and why not.',
  })
  @ApiOkResponse({ type: EventAnswer })
  async handle(@Caller() caller: Identity, @Param('id') id: string): Promise<EventView> {
    const { organisationId } = caller.organisation;
    const [event] = await this.events.views(organisationId, [positionOf(this.index, organisationId, id)]);
    return event as EventView;
  }
}
