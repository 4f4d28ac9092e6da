import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { SYNC_INTERVAL_SECONDS } from '../domain/settings';

export const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
export const ROLE_ARN = /^arn:aws(?:-cn|-us-gov)?:iam::\d{12}:role\/[\w+=,.@/-]{1,576}$/;
const NAME_PREFIX = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/;
const BACKFILL_DAYS_MAX = 90;
const FILTER_TAGS_MAX = 50;

/** The value as it was sent: class-transformer would copy it, and lose keys such as `__proto__` on the way. */
export const AsSent = (): PropertyDecorator => Transform(({ obj, key }) => (obj as Record<string, unknown>)[key]);

const isTagMap = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value as Record<string, unknown>);
  const isTag = ([key, text]: [string, unknown]): boolean =>
    key.length >= 1 &&
    key.length <= 128 &&
    typeof text === 'string' &&
    text.length <= 256 &&
    key.isWellFormed() &&
    text.isWellFormed();
  return entries.length <= FILTER_TAGS_MAX && entries.every(isTag);
};

export const IsTagMap = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTagMap',
    validator: {
      validate: isTagMap,
      defaultMessage: () =>
        `$property is an object of at most ${FILTER_TAGS_MAX} tags: keys of 1 to 128 characters, values of at most 256`,
    },
  });

export class FiltersBody {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Only resources whose name begins with it.',
    example: 'credit-scorer',
  })
  @IsOptional()
  @Matches(NAME_PREFIX, {
    message: 'namePrefix is 1 to 63 letters, digits and hyphens, beginning with a letter or digit',
  })
  namePrefix?: string | null;

  @ApiPropertyOptional({
    type: Object,
    description: 'Only resources that bear all of these tags.',
    example: { Environment: 'production' },
  })
  @AsSent()
  @IsOptional()
  @IsTagMap()
  tags?: Record<string, string>;
}

export class ModelIdentityBody {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'The tag whose value names the model.',
    example: 'model-name',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  tag?: string | null;
}

/** What may be chosen at registration, and changed afterwards. */
export class SettingsBody {
  @ApiPropertyOptional({ type: String, nullable: true, example: 'Credit scoring, production' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  name?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'production' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  environment?: string | null;

  @ApiPropertyOptional({
    minimum: SYNC_INTERVAL_SECONDS.min,
    maximum: SYNC_INTERVAL_SECONDS.max,
    default: SYNC_INTERVAL_SECONDS.default,
    description: 'Seconds between two polls.',
  })
  @IsOptional()
  @IsInt({ message: 'syncInterval is a whole number of seconds' })
  @Min(SYNC_INTERVAL_SECONDS.min, { message: 'syncInterval is at least $constraint1 seconds' })
  @Max(SYNC_INTERVAL_SECONDS.max, { message: 'syncInterval is at most $constraint1 seconds' })
  syncInterval?: number;

  @ApiPropertyOptional({ type: FiltersBody })
  @IsOptional()
  @IsObject({ message: 'filters is an object' })
  @ValidateNested({ message: 'filters is an object' })
  @Type(() => FiltersBody)
  filters?: FiltersBody;

  @ApiPropertyOptional({ default: true })
  @IsOptional()
  @IsBoolean({ message: 'captureMetrics is true or false' })
  captureMetrics?: boolean;

  @ApiPropertyOptional({ default: true })
  @IsOptional()
  @IsBoolean({ message: 'captureHyperparameters is true or false' })
  captureHyperparameters?: boolean;

  @ApiPropertyOptional({ default: false, description: 'Whether the start of a training job is an event too.' })
  @IsOptional()
  @IsBoolean({ message: 'captureTrainingStarted is true or false' })
  captureTrainingStarted?: boolean;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: BACKFILL_DAYS_MAX,
    default: 0,
    description: 'How many days before the registration, and before a change that widens the filters, are read once.',
  })
  @IsOptional()
  @IsInt({ message: 'backfillDays is a whole number of days' })
  @Min(0, { message: 'backfillDays is at least $constraint1' })
  @Max(BACKFILL_DAYS_MAX, { message: 'backfillDays is at most $constraint1' })
  backfillDays?: number;

  @ApiPropertyOptional({ type: ModelIdentityBody })
  @IsOptional()
  @IsObject({ message: 'modelIdentity is an object' })
  @ValidateNested({ message: 'modelIdentity is an object' })
  @Type(() => ModelIdentityBody)
  modelIdentity?: ModelIdentityBody;
}

class TestRow {
  @ApiProperty({ example: 'sagemaker:ListTrainingJobs' })
  check: string;
  @ApiProperty({ enum: ['GRANTED', 'DENIED', 'THROTTLED', 'SKIPPED'] })
  status: string;
  @ApiProperty()
  detail: string;
  @ApiProperty({ type: String, nullable: true })
  loss: string | null;
  @ApiProperty({ type: Object, nullable: true, description: 'The IAM policy statement that would grant it.' })
  statement: object | null;
  @ApiPropertyOptional({ type: Object, nullable: true, description: 'The trust policy that the role should have.' })
  trustPolicy?: object | null;
}

class TestReason {
  @ApiProperty()
  code: string;
  @ApiProperty()
  message: string;
}

export class TestOutcome {
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ type: [TestRow] })
  rows: TestRow[];
  @ApiProperty({ type: TestReason, nullable: true })
  reason: TestReason | null;
}

/** The answer's shape, for the OpenAPI document. */
export class IntegrationAnswer extends SettingsBody {
  @ApiProperty({ example: 'int_01KJQ38XW0ABCDEFGHJKMNPQRS' })
  id: string;
  @ApiProperty({ enum: ['PENDING', 'ACTIVE', 'REFUSED', 'PAUSED'] })
  status: string;
  @ApiProperty({ example: '123456789012' })
  awsAccountId: string;
  @ApiProperty({ example: 'eu-west-2' })
  region: string;
  @ApiProperty()
  roleArn: string;
  @ApiProperty()
  externalId: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  activeSince: string | null;
  @ApiProperty({ type: TestOutcome, nullable: true })
  test: TestOutcome | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastPolledAt: string | null;
  @ApiProperty({ type: String, enum: ['OK', 'THROTTLED', 'ACCESS_LOST', 'AWS_UNAVAILABLE', 'FAILED'], nullable: true })
  lastOutcome: string | null;
  @ApiProperty({ type: String, nullable: true })
  lastReason: string | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'How many seconds the newest observed window lies behind now.',
  })
  lagSeconds: number | null;
}
