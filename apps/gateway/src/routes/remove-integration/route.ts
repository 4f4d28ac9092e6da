import { Controller, Delete, HttpCode, Inject, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class RemoveIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Delete(':id')
  @HttpCode(204)
  @Needs('integrations:write')
  @ApiOperation({ summary: 'Remove an integration', description: 'Polling ends; everything that was recorded stays.' })
  @ApiNoContentResponse()
  async handle(@Caller() caller: Identity, @Param('id') id: string): Promise<void> {
    await this.integrations.find(caller.organisation.organisationId, id);
    await this.integrations.change(caller, 'remove', { id });
  }
}
