import type { ExternalIds } from '@audital/contracts';
import { Body, Controller, Inject, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Organisations } from '../../adapters/organisations';
import { Caller, Needs } from '../../http/scopes.guard';
import { ORGANISATIONS } from '../../tokens';
import { RotateExternalIdBody } from './request';

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker/setup')
export class RotateExternalIdRoute {
  constructor(@Inject(ORGANISATIONS) private readonly organisations: Organisations) {}

  @Patch()
  @Needs('admin')
  @ApiOperation({
    summary: 'Replace the external id',
    description:
      'In between, the trust policy of GET …/setup holds both, the test of each integration says whether its role takes the next one, and polls use whichever the role takes.',
  })
  @ApiOkResponse({ description: 'The external ids as they are now.' })
  handle(@Caller() caller: Identity, @Body() body: RotateExternalIdBody): Promise<ExternalIds> {
    return this.organisations.rotateExternalId(caller, body.externalIdRotation);
  }
}
