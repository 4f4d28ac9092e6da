import { type Scope, SCOPES } from '@audital/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
} from 'class-validator';

export class CreateKeyBody {
  @ApiProperty({ description: 'What the key is for.', example: 'nightly export' })
  @IsDefined()
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  label: string;

  @ApiProperty({ enum: SCOPES, isArray: true, example: ['audit:read'] })
  @IsDefined()
  @IsArray({ message: 'scopes is a list' })
  @ArrayMinSize(1, { message: 'scopes names at least one scope' })
  @ArrayMaxSize(SCOPES.length, { message: 'scopes names each scope once' })
  @ArrayUnique({ message: 'scopes names each scope once' })
  @IsIn(SCOPES, { each: true, message: `scopes are ${SCOPES.join(', ')}` })
  scopes: Scope[];

  @ApiPropertyOptional({
    enum: ['live', 'test'],
    description: 'A test key acts on the sandbox, an organisation of its own. Without it, as the key that asks.',
  })
  @IsOptional()
  @IsIn(['live', 'test'], { message: 'mode is live or test' })
  mode?: 'live' | 'test';
}
