import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { Caller, Needs } from '../../http/scopes.guard';
import { TRUST } from '../../tokens';
import { keptPin, liveVkeys } from '../kept-pin';

@ApiTags('Log')
@ApiBearerAuth()
@Controller('v1/log/vkey')
export class LogVkeyRoute {
  constructor(@Inject(TRUST) private readonly trust: TrustKeeper) {}

  @Get()
  @Needs('audit:read')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    summary: 'The keys of the log',
    description:
      'Those that sign now, one on each line: one, and during a rotation two, oldest first. As pinned by this gateway, in the vkey form of C2SP signed-note. Keep them elsewhere: they are what offline verification rests on.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  handle(@Caller() caller: Identity): string {
    const vkeys = liveVkeys(keptPin(this.trust, caller.organisation.organisationId));
    return vkeys.map((vkey) => `${vkey}\n`).join('');
  }
}
