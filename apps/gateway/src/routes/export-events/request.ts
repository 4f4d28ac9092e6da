import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Min } from 'class-validator';

const wholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;

export class ExportEventsQuery {
  @ApiPropertyOptional({ minimum: 0, default: 0, description: 'The first position of the export.' })
  @Transform(wholeNumber)
  @IsInt({ message: 'from is a whole number' })
  @Min(0, { message: 'from is at least 0' })
  from: number = 0;

  @ApiPropertyOptional({
    minimum: 0,
    description:
      'The last position that an interrupted download brought: only what lies behind it is sent, and a trailer for all since from.',
  })
  @IsOptional()
  @Transform(wholeNumber)
  @IsInt({ message: 'after is a whole number' })
  @Min(0, { message: 'after is at least 0' })
  after?: number;
}
