import { ApiProperty } from '@nestjs/swagger';

export class Pagination {
  @ApiProperty({ type: String, nullable: true, description: 'Opaque: pass it on as `cursor` for the next page.' })
  nextCursor: string | null;
  @ApiProperty()
  hasMore: boolean;
}
