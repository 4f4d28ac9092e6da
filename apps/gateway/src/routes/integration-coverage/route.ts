import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import { type Coverage, COVERAGE_RANGE_MS_MAX } from '../../adapters/coverage';
import type { Integrations } from '../../adapters/integrations';
import type { GatewaySettings } from '../../adapters/settings';
import type { CoverageReport } from '../../domain/coverage-report';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { COVERAGE, INTEGRATIONS, SETTINGS } from '../../tokens';
import { toInstant } from '../instant';
import { CoverageAnswer } from './answer';
import { IntegrationCoverageQuery } from './request';

const DAY_MS = 24 * 60 * 60_000;

@ApiTags('Integrations')
@ApiBearerAuth()
@Controller('v1/integrations/sagemaker')
export class IntegrationCoverageRoute {
  constructor(
    @Inject(INTEGRATIONS) private readonly integrations: Integrations,
    @Inject(COVERAGE) private readonly coverage: Coverage,
    @Inject(SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  @Get(':id/coverage')
  @Needs('integrations:read')
  @ApiOperation({
    summary: 'When an integration was looked at',
    description:
      'From the sealed COVERAGE and COVERAGE_GAP events of the range, verified for this answer, and from the polls that followed: the share of time observed, the gaps and their reasons, calls by operation.',
  })
  @ApiOkResponse({ type: CoverageAnswer })
  async handle(
    @Caller() caller: Identity,
    @Param('id') id: string,
    @Query() query: IntegrationCoverageQuery,
  ): Promise<CoverageReport> {
    const range = rangeOf(query, this.settings.now());
    const integration = await this.integrations.find(caller.organisation.organisationId, id);
    return this.coverage.report(integration, range);
  }
}

function rangeOf(query: IntegrationCoverageQuery, now: Date): { from: string; to: string } {
  const to = query.to === undefined ? now.toISOString() : toInstant(query.to);
  const from = query.from === undefined ? new Date(Date.parse(to) - DAY_MS).toISOString() : toInstant(query.from);
  if (from >= to) throw refused('query:from', 'from lies before to.');
  if (Date.parse(to) - Date.parse(from) > COVERAGE_RANGE_MS_MAX)
    throw refused('query:from', 'from lies at most 31 days before to: ask for the months one after the other.');
  return { from, to };
}

const refused = (pointer: string, message: string): ApiError =>
  new ApiError('INVALID_QUERY', message, { problems: [{ pointer, code: 'OUT_OF_RANGE', message }] });
