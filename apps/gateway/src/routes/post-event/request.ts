import {
  EVENT_TYPE,
  EVENT_TYPES,
  LIMITS,
  RESERVED_SOURCES,
  SEVERITIES,
  type Severity,
  SOURCE,
} from '@audital/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDefined,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { AsSent } from '../integration-fields';
import { IsInstant } from '../instant';

const RESERVED_TYPES = Object.entries(EVENT_TYPES).flatMap(([type, who]) => (who === 'AUDITAL_ONLY' ? [type] : []));

const NotReserved = (reserved: readonly string[]): PropertyDecorator =>
  ValidateBy({
    name: 'eventReserved',
    validator: {
      validate: (value: unknown) => !reserved.includes(value as string),
      defaultMessage: () => `$property is reserved: only Audital itself says ${reserved.join(', ')}`,
    },
  });

class ActorBody {
  @ApiProperty({ enum: ['USER', 'SERVICE', 'SYSTEM'] })
  @IsDefined()
  @IsIn(['USER', 'SERVICE', 'SYSTEM'], { message: 'type is USER, SERVICE or SYSTEM' })
  type: 'USER' | 'SERVICE' | 'SYSTEM';

  @ApiProperty({ maxLength: 256, example: 'jane@example.com' })
  @IsDefined()
  @IsString()
  @Length(1, 256)
  id: string;
}

export class PostEventBody {
  @ApiProperty({ example: 'HUMAN_REVIEW', description: `Not one of ${RESERVED_TYPES.join(', ')}.` })
  @IsDefined()
  @Matches(EVENT_TYPE, {
    message: 'eventType is upper-case letters, digits and underscores, beginning with a letter, at most 64',
  })
  @NotReserved(RESERVED_TYPES)
  eventType: string;

  @ApiPropertyOptional({ default: 'API', description: `Not one of ${RESERVED_SOURCES.join(', ')}.` })
  @IsOptional()
  @Matches(SOURCE, {
    message: 'source is upper-case letters, digits and underscores, beginning with a letter, at most 32',
  })
  @NotReserved(RESERVED_SOURCES)
  source?: string;

  @ApiPropertyOptional({ enum: [...SEVERITIES], default: 'INFO' })
  @IsOptional()
  @IsIn(SEVERITIES, { message: `severity is one of ${SEVERITIES.join(', ')}` })
  severity?: Severity;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'When it happened; the time of sealing when it is left out.',
  })
  @IsOptional()
  @IsInstant()
  timestamp?: string;

  @ApiPropertyOptional({ type: ActorBody, description: 'Who did it; the API key when it is left out.' })
  @IsOptional()
  @ValidateNested({ message: 'actor is an object' })
  @Type(() => ActorBody)
  actor?: ActorBody;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'A model of GET /v1/models.' })
  @IsOptional()
  @Matches(/^mdl_[0-9A-HJKMNP-TV-Z]{26}$/, { message: 'modelId is mdl_ and 26 characters' })
  modelId?: string | null;

  @ApiProperty({ type: Object, description: 'At most 256 KiB and 32 levels.', example: { decision: 'approved' } })
  @AsSent()
  @IsDefined()
  @IsObject({ message: 'payload is a JSON object' })
  payload: Record<string, unknown>;

  @ApiPropertyOptional({ type: [String], maxItems: LIMITS.tagsMax })
  @IsOptional()
  @IsArray({ message: 'tags is a list of strings' })
  @ArrayMaxSize(LIMITS.tagsMax)
  @Length(1, LIMITS.tagCharactersMax, {
    each: true,
    message: `each tag is a string of 1 to ${LIMITS.tagCharactersMax} characters`,
  })
  tags?: string[];
}
