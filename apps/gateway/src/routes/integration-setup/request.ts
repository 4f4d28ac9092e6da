import { ApiPropertyOptional } from '@nestjs/swagger';
import { type PolicyTier } from '@audital/contracts';
import { IsIn, IsOptional, Matches } from 'class-validator';

export class IntegrationSetupQuery {
  @ApiPropertyOptional({
    description: 'Who assumes the role: the role that Audital runs as.',
    example: 'arn:aws:iam::111122223333:role/audital-collector',
  })
  @IsOptional()
  @Matches(/^arn:aws(?:-cn|-us-gov)?:iam::\d{12}:(?:root|(?:role|user)\/[\w+=,.@/-]{1,576})$/, {
    message: 'principalArn is the ARN of an IAM role, user or account root',
  })
  principalArn?: string;

  @ApiPropertyOptional({ description: 'The bucket of the monitoring reports, for the full tier.' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { message: 'reportBucket is the name of an S3 bucket' })
  reportBucket?: string;

  @ApiPropertyOptional({ description: 'The folder of the reports in that bucket; without it, the whole bucket.' })
  @IsOptional()
  @Matches(/^[\w!.*()-][\w!.*()/-]{0,511}$/, {
    message: 'reportPrefix is the beginning of an S3 key, such as reports/',
  })
  reportPrefix?: string;

  @ApiPropertyOptional({
    enum: ['public', 'recommended', 'full'],
    default: 'recommended',
    description: 'The policy in the CloudFormation, Terraform and CLI texts.',
  })
  @IsOptional()
  @IsIn(['public', 'recommended', 'full'], { message: 'tier is public, recommended or full' })
  tier?: PolicyTier;
}
