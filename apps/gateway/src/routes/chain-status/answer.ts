import { ApiProperty } from '@nestjs/swagger';

class BlockAnswer {
  @ApiProperty()
  position: number;
  @ApiProperty({ type: String, nullable: true })
  id: string | null;
  @ApiProperty()
  blockHash: string;
  @ApiProperty({ type: String, nullable: true })
  previousHash: string | null;
  @ApiProperty({ type: String, nullable: true })
  eventType: string | null;
  @ApiProperty({ type: String, nullable: true })
  timestamp: string | null;
}

class AffectedRange {
  @ApiProperty()
  from: number;
  @ApiProperty()
  to: number;
}

class AlertAnswer {
  @ApiProperty()
  severity: string;
  @ApiProperty({ example: 'INVALID' })
  code: string;
  @ApiProperty()
  message: string;
  @ApiProperty({ type: AffectedRange })
  affectedRange: AffectedRange;
  @ApiProperty({ format: 'date-time' })
  detectedAt: string;
}

export class ChainStatusAnswer {
  @ApiProperty()
  valid: boolean;
  @ApiProperty({
    enum: [
      'VERIFIED',
      'PENDING',
      'EMPTY',
      'TAMPERED',
      'ROLLBACK',
      'FORK',
      'UNPINNED',
      'CHECKPOINT_INVALID',
      'ROOT_MISMATCH',
    ],
  })
  verdict: string;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  @ApiProperty({ type: Number, nullable: true })
  firstBadPosition: number | null;
  @ApiProperty()
  organisationId: string;
  @ApiProperty()
  totalEvents: number;
  @ApiProperty({ type: BlockAnswer, nullable: true })
  latestBlock: BlockAnswer | null;
  @ApiProperty({ type: BlockAnswer, nullable: true })
  genesisBlock: BlockAnswer | null;
  @ApiProperty({ format: 'date-time' })
  lastVerifiedAt: string;
  @ApiProperty()
  verificationFrequencySeconds: number;
  @ApiProperty({ description: '100, or the share of events before the first bad position.' })
  integrityScore: number;
  @ApiProperty({ type: Number, nullable: true })
  checkpointSize: number | null;
  @ApiProperty({ type: String, nullable: true })
  keyId: string | null;
  @ApiProperty()
  pendingEvents: number;
  @ApiProperty()
  redactedEvents: number;
  @ApiProperty({ type: [AlertAnswer] })
  alerts: AlertAnswer[];
}
