import { Controller, Delete, HttpCode, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Organisations } from '../../adapters/organisations';
import { Caller, Needs } from '../../http/scopes.guard';
import { ORGANISATIONS } from '../../tokens';

@ApiTags('Keys')
@ApiBearerAuth()
@Controller('v1/keys')
export class RevokeKeyRoute {
  constructor(@Inject(ORGANISATIONS) private readonly organisations: Organisations) {}

  @Delete(':id')
  @HttpCode(204)
  @Needs('keys:manage')
  @ApiOperation({
    summary: 'Revoke an API key',
    description: 'It is refused from the next request on. The last key that may manage keys cannot be revoked.',
  })
  @ApiNoContentResponse()
  async handle(@Caller() caller: Identity, @Param('id') id: string): Promise<void> {
    await this.organisations.revokeKey(caller, id);
  }
}
