import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import type { IntegrationView } from '../../domain/integration-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';
import { IntegrationAnswer } from '../integration-fields';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class PauseIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Post(':id/pause')
  @HttpCode(200)
  @Needs('integrations:write')
  @ApiOperation({
    summary: 'Pause an integration',
    description: 'Polling stops until it is resumed; the gap in coverage is recorded.',
  })
  @ApiOkResponse({ type: IntegrationAnswer })
  async handle(@Caller() caller: Identity, @Param('id') id: string): Promise<IntegrationView> {
    await this.integrations.find(caller.organisation.organisationId, id);
    return this.integrations.change(caller, 'pause', { id });
  }
}
