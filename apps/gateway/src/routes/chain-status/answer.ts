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

class FullVerification {
  @ApiProperty()
  size: number;
  @ApiProperty({ format: 'date-time' })
  at: string;
}

class VerifierAnswer {
  @ApiProperty({
    enum: ['OK', 'ALERTS', 'STARTING', 'UNAVAILABLE'],
    description: 'UNAVAILABLE: it did not answer in time; what stands here is then the gateway’s own reading alone.',
  })
  status: string;
  @ApiProperty({ type: Number, nullable: true, description: 'Events that it verified under a checkpoint it keeps.' })
  verifiedTo: number | null;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  lastVerifiedAt: string | null;
  @ApiProperty({ type: FullVerification, nullable: true, description: 'When it last read the chain from position 0.' })
  lastFullVerification: FullVerification | null;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
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
      'STALE',
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
  @ApiProperty({
    format: 'date-time',
    description: 'When the chain-verifier last read the chain; when it does not answer, the time of this reading.',
  })
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
  @ApiProperty({ description: 'The first position that the gateway read itself; before it, the chain-verifier did.' })
  inspectedFrom: number;
  @ApiProperty({ type: VerifierAnswer })
  verifier: VerifierAnswer;
  @ApiProperty({
    type: String,
    nullable: true,
    enum: ['ROLLBACK', 'FORK', 'LOST_MEMORY', 'ORIGIN_CHANGED', 'CORRUPT'],
    description: 'Why the chain-writer takes nothing more for this organisation; null while it does.',
  })
  stopped: string | null;
}
