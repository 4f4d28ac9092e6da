import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { Caller, Needs } from '../../http/scopes.guard';
import { TRUST } from '../../tokens';
import { keptPin } from '../kept-pin';

@ApiTags('Log')
@ApiBearerAuth()
@Controller('v1/log/checkpoint')
export class LogCheckpointRoute {
  constructor(@Inject(TRUST) private readonly trust: TrustKeeper) {}

  @Get()
  @Needs('audit:read')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @Header('Cache-Control', 'no-cache')
  @ApiOperation({
    summary: 'The newest checkpoint',
    description:
      'A signed note (C2SP tlog-checkpoint): the newest that verified here and is consistent with those before.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  handle(@Caller() caller: Identity): string {
    return keptPin(this.trust, caller.organisation.organisationId).checkpoint.note;
  }
}
