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
export class ResumeIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Post(':id/resume')
  @HttpCode(200)
  @Needs('integrations:write')
  @ApiOperation({
    summary: 'Resume a paused integration',
    description: 'PENDING until its role has been tested again; then polling goes on where it stopped.',
  })
  @ApiOkResponse({ type: IntegrationAnswer })
  async handle(@Caller() caller: Identity, @Param('id') id: string): Promise<IntegrationView> {
    await this.integrations.find(caller.organisation.organisationId, id);
    return this.integrations.change(caller, 'resume', { id });
  }
}
