import { ApiProperty } from '@nestjs/swagger';
import { IntegrationAnswer } from '../integration-fields';
import { Pagination } from '../pagination';

export class IntegrationList {
  @ApiProperty({ type: [IntegrationAnswer] })
  data: IntegrationAnswer[];
  @ApiProperty({ type: Pagination })
  pagination: Pagination;
}
