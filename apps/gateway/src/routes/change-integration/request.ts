import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';
import { SettingsBody } from '../integration-fields';

/** Account, region, role and external id may be repeated, but not changed. */
export class ChangeIntegrationBody extends SettingsBody {
  @ApiPropertyOptional({ description: 'Must be the one it has.' })
  @IsOptional()
  @IsString()
  awsAccountId?: string;

  @ApiPropertyOptional({ description: 'Must be the one it has.' })
  @IsOptional()
  @IsString()
  region?: string;

  @ApiPropertyOptional({ description: 'Must be the one it has.' })
  @IsOptional()
  @IsString()
  roleArn?: string;

  @ApiPropertyOptional({ description: 'Must be the one it has.' })
  @IsOptional()
  @IsString()
  externalId?: string;
}
