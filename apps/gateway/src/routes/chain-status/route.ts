import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainInspector } from '../../adapters/chain-inspector';
import type { EventReader } from '../../adapters/event-reader';
import type { AskVerifier } from '../../adapters/ask-verifier';
import { type ChainStatus, withStop } from '../../domain/chain-report';
import type { EventView } from '../../domain/event-view';
import { withVerifier } from '../../domain/with-verifier';
import type { Gateway } from '../../gateway';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { EVENTS, INSPECTOR, STOP_REASON, VERIFIER } from '../../tokens';
import { EventAnswer } from '../event-answer';
import { ChainStatusAnswer } from './answer';

@ApiTags('Chain')
@ApiBearerAuth()
@Controller('v1/audit/chain-status')
export class ChainStatusRoute {
  constructor(
    @Inject(INSPECTOR) private readonly inspector: ChainInspector,
    @Inject(EVENTS) private readonly events: EventReader,
    @Inject(VERIFIER) private readonly askVerifier: AskVerifier,
    @Inject(STOP_REASON) private readonly stopReason: Gateway['stopReason'],
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'Whether the chain still holds',
    description:
      'Two readers’ word. The chain-verifier reads every chain again and again, whole, and keeps its own memory; its alerts stay until a whole pass does not find them. For this answer the gateway reads the newest 10,000 events again too, payloads included; while the chain does not move, that result is given again for verificationFrequencySeconds.',
  })
  @ApiOkResponse({ type: ChainStatusAnswer })
  async status(@Caller() caller: Identity): Promise<ChainStatus> {
    const { organisationId } = caller.organisation;
    const [own, verifier] = await Promise.all([
      this.inspector.status(organisationId),
      this.askVerifier(organisationId),
    ]);
    return withStop(withVerifier(own, verifier), this.stopReason(organisationId));
  }

  @Get('block/:position')
  @Needs('audit:read')
  @ApiOperation({ summary: 'The event at a position' })
  @ApiOkResponse({ type: EventAnswer })
  async block(@Caller() caller: Identity, @Param('position') text: string): Promise<EventView> {
    const { organisationId } = caller.organisation;
    const position = /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : null;
    if (position === null) {
      const message = 'position is a whole number from 0 on.';
      throw new ApiError('INVALID_QUERY', message, {
        problems: [{ pointer: 'path:position', code: 'INVALID_VALUE', message }],
      });
    }
    if (!(await this.inspector.holds(organisationId, position)))
      throw new ApiError('EVENT_NOT_FOUND', `Your organisation's chain has no position ${position}.`);
    const [event] = await this.events.views(organisationId, [position]);
    return event as EventView;
  }
}
