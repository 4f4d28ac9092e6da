import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import type { IntegrationView } from '../../domain/integration-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';
import { IntegrationAnswer } from '../integration-fields';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class SyncIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Post(':id/sync')
  @HttpCode(202)
  @Needs('integrations:write')
  @ApiOperation({
    summary: 'Poll an integration now',
    description: 'The poll has been asked for; when it ends, lastPolledAt moves.',
  })
  @ApiAcceptedResponse({ type: IntegrationAnswer })
  handle(@Caller() caller: Identity, @Param('id') id: string): Promise<IntegrationView> {
    return this.integrations.sync(caller.organisation.organisationId, id);
  }
}
