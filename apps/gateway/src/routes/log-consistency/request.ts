import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDefined, IsInt, IsOptional, Min } from 'class-validator';

const ToNumber = (): PropertyDecorator =>
  Transform(({ value }) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : (value as unknown),
  );

export class LogConsistencyQuery {
  @ApiProperty({ minimum: 1, description: 'Size of the older tree.' })
  @ToNumber()
  @IsDefined()
  @IsInt({ message: 'from is a whole number' })
  @Min(1, { message: 'from is at least 1: an empty tree proves nothing' })
  from: number;

  @ApiPropertyOptional({
    minimum: 1,
    description: 'Size of the newer tree; the newest checkpoint when it is left out.',
  })
  @ToNumber()
  @IsOptional()
  @IsInt({ message: 'to is a whole number' })
  @Min(1, { message: 'to is at least 1' })
  to?: number;
}
