import { SEVERITIES } from '@audital/contracts';
import { ApiProperty } from '@nestjs/swagger';
import { Pagination } from './pagination';

class ActorAnswer {
  @ApiProperty({ enum: ['SERVICE', 'API_KEY', 'USER', 'SYSTEM'] })
  type: string;
  @ApiProperty()
  id: string;
}

export class VerificationAnswer {
  @ApiProperty({ enum: ['stored', 'chained', 'included', 'witnessed'], description: 'How far the record got.' })
  level: string;
  @ApiProperty({ enum: ['ok', 'pending', 'redacted', 'failed'] })
  status: string;
  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'How many events the checkpoint covers under which this was verified.',
  })
  checkpointSize: number | null;
  @ApiProperty({ format: 'date-time' })
  checkedAt: string;
  @ApiProperty({ type: String, nullable: true, description: 'The pinned key that signed the checkpoint.' })
  keyId: string | null;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
}

/** When the stored record cannot be read any more, everything but place, organisation and verification is null. */
export class EventAnswer {
  @ApiProperty({ example: 'evt_01KJQ38XW0ABCDEFGHJKMNPQRS' })
  id: string;
  @ApiProperty()
  chainPosition: number;
  @ApiProperty({ example: `sha256:${'0'.repeat(64)}` })
  blockHash: string;
  @ApiProperty()
  previousHash: string;
  @ApiProperty({ format: 'date-time', description: 'When it happened at the source.' })
  timestamp: string;
  @ApiProperty({ example: 'TRAINING_COMPLETED' })
  eventType: string;
  @ApiProperty({ example: 'AWS_SAGEMAKER' })
  source: string;
  @ApiProperty({ enum: [...SEVERITIES] })
  severity: string;
  @ApiProperty({ type: String, nullable: true })
  modelId: string | null;
  @ApiProperty()
  organisationId: string;
  @ApiProperty({ type: String, nullable: true })
  integrationId: string | null;
  @ApiProperty({ type: ActorAnswer })
  actor: ActorAnswer;
  @ApiProperty({
    type: Object,
    nullable: true,
    description: 'Null when it was redacted, or does not match its record.',
  })
  payload: object | null;
  @ApiProperty({ type: [String] })
  tags: string[];
  @ApiProperty({ format: 'date-time' })
  observedAt: string;
  @ApiProperty({ format: 'date-time' })
  recordedAt: string;
  @ApiProperty({ enum: ['POLL', 'BACKFILL', 'PUSH', 'API'] })
  captureMode: string;
  @ApiProperty({ description: 'Computed for this answer from the stored bytes; never stored.' })
  verified: boolean;
  @ApiProperty({ type: VerificationAnswer })
  verification: VerificationAnswer;
}

export class EventList {
  @ApiProperty({ type: [EventAnswer] })
  data: EventAnswer[];
  @ApiProperty({ type: Pagination })
  pagination: Pagination;
}
