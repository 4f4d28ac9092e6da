import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export const LIMIT = { min: 1, max: 100, default: 25 } as const;

/** How many a page holds. */
export const PageLimit = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ minimum: LIMIT.min, maximum: LIMIT.max, default: LIMIT.default }),
    Transform(({ value }) =>
      typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : (value as unknown),
    ),
    IsInt({ message: 'limit is a whole number' }),
    Min(LIMIT.min, { message: 'limit is at least $constraint1' }),
    Max(LIMIT.max, { message: 'limit is at most $constraint1' }),
  );

/** Where the page before ended. */
export const PageCursor = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ description: '`pagination.nextCursor` of the page before.' }),
    IsOptional(),
    IsString({ message: 'cursor is given once' }),
    MaxLength(128),
  );

export class PageQuery {
  @PageLimit()
  limit: number = LIMIT.default;

  @PageCursor()
  cursor?: string;
}
