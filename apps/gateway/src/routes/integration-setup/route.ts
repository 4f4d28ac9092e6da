import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { GatewaySettings } from '../../adapters/settings';
import { type SagemakerSetup, sagemakerSetup } from '../../domain/sagemaker-setup';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { SETTINGS } from '../../tokens';
import { IntegrationSetupQuery } from './request';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker/setup')
export class IntegrationSetupRoute {
  constructor(@Inject(SETTINGS) private readonly settings: GatewaySettings) {}

  @Get()
  @Needs('integrations:read')
  @ApiOperation({
    summary: 'What to set up in AWS',
    description:
      'Your external id, the policy in three tiers with what is lost below each, the trust policy, CloudFormation, Terraform and AWS CLI, filled in.',
  })
  @ApiOkResponse({ description: 'The set-up of your organisation.' })
  handle(@Caller() caller: Identity, @Query() query: IntegrationSetupQuery): SagemakerSetup {
    const { organisationId, externalId, nextExternalId } = caller.organisation;
    if (externalId === null)
      throw new ApiError('ORGANISATION_NOT_FOUND', 'No external id has been issued to your organisation yet.');
    const principalArn = query.principalArn ?? this.settings.collectorPrincipalArn;
    const { tier = 'recommended', reportBucket = null, reportPrefix = null } = query;
    return sagemakerSetup({
      organisationId,
      externalId,
      nextExternalId,
      principalArn,
      tier,
      reportBucket,
      reportPrefix,
    });
  }
}
