import { ApiProperty } from '@nestjs/swagger';
import { Pagination } from '../pagination';

class ModelIdentityAnswer {
  @ApiProperty({ example: 'TRAINING_JOB_NAME' })
  rule: string;
  @ApiProperty({ type: String, nullable: true, example: 'credit-scorer' })
  value: string | null;
}

class ModelAnswer {
  @ApiProperty({ example: 'mdl_0123456789ABCDEFGHJKMNPQRS' })
  id: string;
  @ApiProperty({ type: ModelIdentityAnswer, nullable: true })
  identity: ModelIdentityAnswer | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  registeredAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  firstEventAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastEventAt: string | null;
  @ApiProperty()
  events: number;
}

export class ModelList {
  @ApiProperty({ type: [ModelAnswer] })
  data: ModelAnswer[];
  @ApiProperty({ type: Pagination })
  pagination: Pagination;
}
