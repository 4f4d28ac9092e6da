import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDefined,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AsSent } from '../integration-fields';

export class ProofBody {
  @ApiProperty({ description: 'Base64 of the exact record bytes.' })
  @IsDefined()
  @IsString()
  @MaxLength(64 * 1024)
  record: string;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    description: 'Base64 of the exact payload bytes; null when it was redacted.',
  })
  @IsOptional()
  @IsString()
  payload?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Hex.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  salt?: string | null;

  @ApiProperty()
  @IsDefined()
  @IsInt()
  @Min(0)
  leafIndex: number;

  @ApiProperty({ type: [String], description: 'Base64 hashes from the leaf’s sibling up.' })
  @IsDefined()
  @IsArray()
  @ArrayMaxSize(64)
  @IsString({ each: true })
  inclusion: string[];

  @ApiProperty({ description: 'The signed checkpoint, verbatim.' })
  @IsDefined()
  @IsString()
  @MaxLength(16 * 1024)
  checkpoint: string;

  @ApiPropertyOptional({
    type: [String],
    description:
      'As the proof has them. They are not believed: the signature is checked with the keys that are pinned here.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(64)
  @IsString({ each: true })
  vkeys?: string[];

  @ApiPropertyOptional({ type: Object, description: 'The event, when it is not given beside the proof.' })
  @AsSent()
  @IsOptional()
  @IsObject()
  event?: Record<string, unknown>;
}

/** Either `id`, or `proof` with or without `event`. */
export class VerifyEventBody {
  @ApiPropertyOptional({ description: 'An event of your organisation: it is read again and verified.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  id?: string;

  @ApiPropertyOptional({ type: Object, description: 'The event as it was shown.' })
  @AsSent()
  @IsOptional()
  @IsObject()
  event?: Record<string, unknown>;

  @ApiPropertyOptional({ type: ProofBody, description: 'The answer of GET /v1/audit/:id/proof.' })
  @IsOptional()
  @ValidateNested({ message: 'proof is an object' })
  @Type(() => ProofBody)
  proof?: ProofBody;
}
