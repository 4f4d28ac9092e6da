import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Organisations } from '../../adapters/organisations';
import type { ApiKeyView } from '../../domain/api-key-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { ORGANISATIONS } from '../../tokens';
import { KeyList } from '../key-answer';

@ApiTags('Keys')
@ApiBearerAuth()
@Controller('v1/keys')
export class ListKeysRoute {
  constructor(@Inject(ORGANISATIONS) private readonly organisations: Organisations) {}

  @Get()
  @Needs('keys:manage')
  @ApiOperation({
    summary: 'List the API keys',
    description: 'All of them, oldest first, revoked ones too; never the keys themselves.',
  })
  @ApiOkResponse({ type: KeyList })
  async handle(
    @Caller() caller: Identity,
  ): Promise<{ data: ApiKeyView[]; pagination: { nextCursor: null; hasMore: false } }> {
    return { data: await this.organisations.keys(caller), pagination: { nextCursor: null, hasMore: false } };
  }
}
