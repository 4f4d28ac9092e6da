import type { IntegrationTarget } from '@audital/contracts';
import { Body, Controller, Inject, Param, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import type { IntegrationView } from '../../domain/integration-view';
import { withSettings } from '../../domain/settings';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';
import { IntegrationAnswer } from '../integration-fields';
import { ChangeIntegrationBody } from './request';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class ChangeIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Patch(':id')
  @Needs('integrations:write')
  @ApiOperation({
    summary: 'Change the settings of an integration',
    description: 'What the body leaves out stays as it is. Account, region, role and external id never change.',
  })
  @ApiOkResponse({ type: IntegrationAnswer })
  async handle(
    @Caller() caller: Identity,
    @Param('id') id: string,
    @Body() body: ChangeIntegrationBody,
  ): Promise<IntegrationView> {
    const integration = await this.integrations.find(caller.organisation.organisationId, id);
    refuseNewTarget(this.integrations.show(integration), body);
    return this.integrations.change(caller, 'update', { id, settings: withSettings(integration.settings, body) });
  }
}

function refuseNewTarget(target: IntegrationTarget, body: ChangeIntegrationBody): void {
  const fields = ['awsAccountId', 'region', 'roleArn', 'externalId'] as const;
  const changed = fields.filter((field) => (body[field] ?? undefined) !== undefined && body[field] !== target[field]);
  if (changed.length === 0) return;
  const problems = changed.map((field) => ({
    pointer: `/${field}`,
    code: 'TARGET_IMMUTABLE',
    message: `${field} of an integration never changes.`,
  }));
  throw new ApiError(
    'TARGET_IMMUTABLE',
    `${changed.join(', ')} cannot be changed: remove this integration and register another.`,
    { problems },
  );
}
