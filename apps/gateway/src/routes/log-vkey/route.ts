import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { Caller, Needs } from '../../http/scopes.guard';
import { TRUST } from '../../tokens';
import { keptPin } from '../kept-pin';

@ApiTags('Log')
@ApiBearerAuth()
@Controller('v1/log/vkey')
export class LogVkeyRoute {
  constructor(@Inject(TRUST) private readonly trust: TrustKeeper) {}

  @Get()
  @Needs('audit:read')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    summary: 'The key of the log',
    description:
      'As pinned by this gateway, in the vkey form of C2SP signed-note. Keep it elsewhere: it is what offline verification rests on.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  handle(@Caller() caller: Identity): string {
    return `${keptPin(this.trust, caller.organisation.organisationId).vkey}\n`;
  }
}
