import { SCOPES } from '@audital/contracts';
import { ApiProperty } from '@nestjs/swagger';
import { Pagination } from './pagination';

/** The answers' shapes, for the OpenAPI document. */
export class KeyAnswer {
  @ApiProperty({ example: 'key_01KJQ38XW0ABCDEFGHJKMNPQRS' })
  id: string;
  @ApiProperty()
  label: string;
  @ApiProperty({ enum: ['live', 'test'] })
  mode: string;
  @ApiProperty({ example: 'ak_live_…WXYZ' })
  hint: string;
  @ApiProperty({ enum: SCOPES, isArray: true })
  scopes: string[];
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
}

export class NewKeyAnswer extends KeyAnswer {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The key itself. It is shown this once, and null when the request repeats an Idempotency-Key.',
  })
  key: string | null;
}

export class KeyList {
  @ApiProperty({ type: [KeyAnswer] })
  data: KeyAnswer[];
  @ApiProperty({ type: Pagination })
  pagination: Pagination;
}
