import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsDefined, IsIn, IsOptional, Matches, ValidateBy, type ValidationArguments } from 'class-validator';
import { REGION, ROLE_ARN, SettingsBody } from '../integration-fields';

const AccountOfRole = (): PropertyDecorator =>
  ValidateBy({
    name: 'accountOfRole',
    validator: {
      validate: (roleArn: unknown, context?: ValidationArguments) => {
        const { awsAccountId } = context?.object as RegisterIntegrationBody;
        const account = typeof roleArn === 'string' ? /^arn:[\w-]+:iam::(\d{12}):/.exec(roleArn)?.[1] : undefined;
        // Which of the two is malformed is told by their own rules.
        return (
          account === undefined ||
          typeof awsAccountId !== 'string' ||
          !/^\d{12}$/.test(awsAccountId) ||
          account === awsAccountId
        );
      },
      defaultMessage: () => 'roleArn names a role in another account than awsAccountId',
    },
  });

export class RegisterIntegrationBody extends SettingsBody {
  @ApiProperty({ example: '123456789012' })
  @IsDefined()
  @Matches(/^\d{12}$/, { message: 'awsAccountId is 12 digits, as a string' })
  awsAccountId: string;

  @ApiProperty({ example: 'eu-west-2' })
  @IsDefined()
  @Matches(REGION, { message: 'region is the name of an AWS region, such as eu-west-2' })
  region: string;

  @ApiProperty({ example: 'arn:aws:iam::123456789012:role/AuditalSageMakerRole' })
  @IsDefined()
  @Matches(ROLE_ARN, { message: 'roleArn is the ARN of an IAM role: arn:aws:iam::<account>:role/<name>' })
  @AccountOfRole()
  roleArn: string;

  @ApiProperty({
    description: 'The one that was issued to your organisation.',
    example: 'aud_ext_0123456789abcdefghij',
  })
  @IsDefined()
  @Matches(/^aud_ext_[0-9A-Za-z]{20}$/, {
    message: 'externalId is aud_ext_ and 20 letters and digits, as GET /v1/integrations/sagemaker/setup shows it',
  })
  externalId: string;
}

export class RegisterIntegrationQuery {
  @ApiPropertyOptional({
    enum: ['true', 'false'],
    default: 'false',
    description: 'true: everything is checked, the role is tested, and nothing is written.',
  })
  @IsOptional()
  @IsIn(['true', 'false'], { message: 'dryRun is true or false' })
  dryRun?: 'true' | 'false';
}
