import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import type { IntegrationView } from '../../domain/integration-view';
import { DEFAULT_SETTINGS, withSettings } from '../../domain/settings';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';
import { IntegrationAnswer } from '../integration-fields';
import { RegisterIntegrationBody } from './request';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class RegisterIntegrationRoute {
  constructor(@Inject(INTEGRATIONS) private readonly integrations: Integrations) {}

  @Post()
  @Needs('integrations:write')
  @ApiOperation({
    summary: 'Register an AWS account and region',
    description:
      'The integration is PENDING until its role has been tested. A registration that equals a live one is answered with it.',
  })
  @ApiResponse({ status: 201, type: IntegrationAnswer, description: 'Registered.' })
  @ApiResponse({
    status: 200,
    type: IntegrationAnswer,
    description: 'An equal integration stood already; nothing was written.',
  })
  async handle(
    @Caller() caller: Identity,
    @Body() body: RegisterIntegrationBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IntegrationView> {
    const { awsAccountId, region, roleArn, externalId } = body;
    const settings = withSettings(DEFAULT_SETTINGS, body);
    const { created, integration } = await this.integrations.register(
      caller,
      { awsAccountId, region, roleArn, externalId },
      settings,
    );
    response.status(created ? 201 : 200).location(`/v1/integrations/sagemaker/${integration.id}`);
    return integration;
  }
}
