import { Controller, Get, Inject, Param } from '@nestjs/common';
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
export class GetIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Get(':id')
  @Needs('integrations:read')
  @ApiOperation({
    summary: 'Read an integration',
    description: 'Its settings, the outcome of its last test, and how its polls go.',
  })
  @ApiOkResponse({ type: IntegrationAnswer })
  async handle(@Caller() caller: Identity, @Param('id') id: string): Promise<IntegrationView> {
    return this.integrations.show(await this.integrations.find(caller.organisation.organisationId, id));
  }
}
