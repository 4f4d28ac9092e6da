import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { Caller, Needs } from '../../http/scopes.guard';
import { TRUST } from '../../tokens';
import { keptPin, liveVkeys } from '../kept-pin';

@ApiTags('Log')
@ApiBearerAuth()
@Controller('v1/log/policy')
export class LogPolicyRoute {
  constructor(@Inject(TRUST) private readonly trust: TrustKeeper) {}

  @Get()
  @Needs('audit:read')
  @Header('Content-Type', 'text/plain; charset=utf-8')
  @ApiOperation({
    summary: 'The trust policy of the log',
    description: 'A C2SP tlog-policy file: the log’s keys (two during a rotation), and no witnesses yet.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({ type: String })
  handle(@Caller() caller: Identity): string {
    const vkeys = liveVkeys(keptPin(this.trust, caller.organisation.organisationId));
    return `${vkeys.map((vkey) => `log ${vkey}\n`).join('')}quorum none\n`;
  }
}
