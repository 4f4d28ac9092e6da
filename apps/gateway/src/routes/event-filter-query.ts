import { EVENT_TYPE, SEVERITIES, SOURCE } from '@audital/contracts';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { EventFilter } from '../domain/event-filter';
import { IsInstant, toInstant } from './instant';

const LIST_MAX = 32;

/** A list in a query: repeated, or separated by commas. */
const ToList = (): PropertyDecorator =>
  Transform(({ value }) =>
    value === undefined
      ? undefined
      : [value as unknown]
          .flat()
          .flatMap((one) => (typeof one === 'string' ? one.split(',').filter((part) => part !== '') : [one])),
  );

export class EventFilterQuery {
  @ApiPropertyOptional({ type: [String], description: 'Any of these types.', example: ['ALERT'] })
  @ToList()
  @IsOptional()
  @ArrayMaxSize(LIST_MAX)
  @Matches(EVENT_TYPE, { each: true, message: 'eventType is upper-case letters, digits and underscores' })
  eventType?: string[];

  @ApiPropertyOptional({ enum: [...SEVERITIES], isArray: true, description: 'Any of these severities.' })
  @ToList()
  @IsOptional()
  @IsIn(SEVERITIES, { each: true, message: `severity is one of ${SEVERITIES.join(', ')}` })
  severity?: string[];

  @ApiPropertyOptional({ type: [String], description: 'Any of these sources.', example: ['AWS_SAGEMAKER'] })
  @ToList()
  @IsOptional()
  @ArrayMaxSize(LIST_MAX)
  @Matches(SOURCE, { each: true, message: 'source is upper-case letters, digits and underscores' })
  source?: string[];

  @ApiPropertyOptional()
  @IsOptional()
  @IsString({ message: 'modelId is given once' })
  @MaxLength(64)
  modelId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString({ message: 'integrationId is given once' })
  @MaxLength(64)
  integrationId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Events that happened then or later.' })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Events that happened before.' })
  @IsOptional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({ type: [String], description: 'Events that bear all of these tags.' })
  @ToList()
  @IsOptional()
  @ArrayMaxSize(LIST_MAX)
  @IsString({ each: true })
  tags?: string[];
}

export function filterOf(query: EventFilterQuery): EventFilter {
  const { eventType, severity, source, modelId, integrationId, from, to, tags } = query;
  const given = {
    eventType,
    severity,
    source,
    modelId,
    integrationId,
    tags,
    from: from && toInstant(from),
    to: to && toInstant(to),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as EventFilter;
}
