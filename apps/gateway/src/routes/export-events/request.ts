import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, Min } from 'class-validator';

export class ExportEventsQuery {
  @ApiPropertyOptional({
    minimum: 0,
    default: 0,
    description: 'The first position: one more than the last that an interrupted export brought.',
  })
  @Transform(({ value }) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : (value as unknown),
  )
  @IsInt({ message: 'from is a whole number' })
  @Min(0, { message: 'from is at least 0' })
  from: number = 0;
}
