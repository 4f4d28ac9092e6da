import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsInstant } from '../instant';

export class IntegrationCoverageQuery {
  @ApiPropertyOptional({ format: 'date-time', description: 'Default: 24 hours before `to`.' })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Default: now. At most 31 days after `from`.' })
  @IsOptional()
  @IsInstant()
  to?: string;
}
