import { Controller, Get, Inject } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import type { IntegrationView } from '../../domain/integration-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';
import { IntegrationList } from './answer';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class ListIntegrationsRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Get()
  @Needs('integrations:read')
  @ApiOperation({
    summary: 'List the integrations',
    description: 'All of them, oldest first; removed ones are left out.',
  })
  @ApiOkResponse({ type: IntegrationList })
  handle(@Caller() caller: Identity): { data: IntegrationView[]; pagination: { nextCursor: null; hasMore: false } } {
    return {
      data: this.integrations.list(caller.organisation.organisationId),
      pagination: { nextCursor: null, hasMore: false },
    };
  }
}
