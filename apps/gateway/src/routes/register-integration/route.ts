import { Body, Controller, Inject, Post, Query, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Integrations } from '../../adapters/integrations';
import type { DryRunView, IntegrationView } from '../../domain/integration-view';
import { DEFAULT_SETTINGS, withSettings } from '../../domain/settings';
import { Caller, Needs } from '../../http/scopes.guard';
import { INTEGRATIONS } from '../../tokens';
import { idempotencyKeyOf } from '../idempotency-key';
import { IntegrationAnswer } from '../integration-fields';
import { DryRunAnswer } from './answer';
import { RegisterIntegrationBody, RegisterIntegrationQuery } from './request';

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
      'The integration is PENDING until its role has been tested. A registration that equals a live one is answered with it. With `dryRun=true` everything is checked and the role is tested, and nothing is written.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'A repetition with the same key and body is answered with what the first one registered.',
  })
  @ApiResponse({ status: 201, type: IntegrationAnswer, description: 'Registered.' })
  @ApiResponse({
    status: 200,
    description: 'An equal integration stood already, or it was a dry run; nothing was written.',
    schema: { oneOf: [{ $ref: getSchemaPath(IntegrationAnswer) }, { $ref: getSchemaPath(DryRunAnswer) }] },
  })
  @ApiExtraModels(DryRunAnswer)
  async handle(
    @Caller() caller: Identity,
    @Body() body: RegisterIntegrationBody,
    @Query() { dryRun }: RegisterIntegrationQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IntegrationView | DryRunView> {
    const { awsAccountId, region, roleArn, externalId } = body;
    const target = { awsAccountId, region, roleArn, externalId };
    const settings = withSettings(DEFAULT_SETTINGS, body);
    if (dryRun === 'true') {
      response.status(200);
      return this.integrations.dryRun(caller, target, settings);
    }
    const idempotencyKey = idempotencyKeyOf(response.req.get('idempotency-key'));
    const { created, replayed, integration } = await this.integrations.register(caller, {
      target,
      settings,
      idempotencyKey,
    });
    if (replayed) response.setHeader('Idempotency-Replayed', 'true');
    response.status(created ? 201 : 200).location(`/v1/integrations/sagemaker/${integration.id}`);
    return integration;
  }
}
