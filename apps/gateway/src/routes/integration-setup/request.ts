import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';

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
}
