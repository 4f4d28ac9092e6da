import { ApiProperty } from '@nestjs/swagger';

const GAP_REASONS = ['NOT_POLLED', 'THROTTLED', 'ACCESS_LOST', 'AWS_UNAVAILABLE', 'FAILED'];

class GapAnswer {
  @ApiProperty({ format: 'date-time', description: 'The end of the last window that was observed.' })
  from: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null while it is open.' })
  to: string | null;
  @ApiProperty({ enum: ['OPEN', 'CLOSED'] })
  state: string;
  @ApiProperty({ enum: GAP_REASONS })
  reason: string;
  @ApiProperty({ type: String, nullable: true })
  detail: string | null;
  @ApiProperty({ type: Boolean, nullable: true, description: 'Whether its jobs were seen later.' })
  recovered: boolean | null;
  @ApiProperty({ type: String, nullable: true, description: 'POLL, PAUSED or REMOVED.' })
  endedBy: string | null;
  @ApiProperty({ enum: ['POLLS', 'LEDGER_MARK', 'SCHEDULER_START'] })
  basis: string;
  @ApiProperty({ type: [String] })
  eventIds: string[];
  @ApiProperty()
  verified: boolean;
}

class ReconciliationAnswer {
  @ApiProperty()
  polls: number;
  @ApiProperty({ description: 'Events that the polls had not told.' })
  found: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  to: string | null;
}

class EvidenceAnswer {
  @ApiProperty({ description: 'How many sealed events this answer rests on.' })
  events: number;
  @ApiProperty({ type: [String], description: 'Ids of those that did not verify, pending ones included.' })
  notVerified: string[];
}

/** The answer's shape, for the OpenAPI document. */
export class CoverageAnswer {
  @ApiProperty({ example: 'int_01KJQ38XW0ABCDEFGHJKMNPQRS' })
  integrationId: string;
  @ApiProperty({ enum: ['PENDING', 'ACTIVE', 'REFUSED', 'PAUSED'] })
  status: string;
  @ApiProperty({ format: 'date-time' })
  from: string;
  @ApiProperty({ format: 'date-time' })
  to: string;
  @ApiProperty({ type: Number, nullable: true, description: '0 to 1; null when nothing was expected in the range.' })
  shareObserved: number | null;
  @ApiProperty({ description: 'Paused time is not expected to be looked at.' })
  expectedMs: number;
  @ApiProperty()
  observedMs: number;
  @ApiProperty({ type: [GapAnswer] })
  gaps: GapAnswer[];
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastSuccessAt: string | null;
  @ApiProperty({ type: String, nullable: true })
  lastOutcome: string | null;
  @ApiProperty({ type: String, nullable: true })
  lastReason: string | null;
  @ApiProperty({ type: Number, nullable: true })
  lagSeconds: number | null;
  @ApiProperty({ type: Object, description: 'Polls by outcome.', example: { OK: 1439, THROTTLED: 1 } })
  polls: Record<string, number>;
  @ApiProperty({ description: 'Observations that the polls reported.' })
  events: number;
  @ApiProperty({ description: 'Polls that could not look.' })
  errors: number;
  @ApiProperty({
    type: Object,
    description: 'AWS calls by operation, retries included.',
    example: { ListEndpoints: 1440 },
  })
  calls: Record<string, number>;
  @ApiProperty({ description: 'Calls that AWS throttled.' })
  throttles: number;
  @ApiProperty({ type: ReconciliationAnswer, nullable: true })
  reconciliation: ReconciliationAnswer | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'From here on the numbers are not sealed yet.',
  })
  sealedTo: string | null;
  @ApiProperty({ type: EvidenceAnswer })
  evidence: EvidenceAnswer;
}
