import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { EventAnswer, VerificationAnswer } from '../event-answer';

class CheckAnswer {
  @ApiProperty({ enum: ['record', 'event', 'payload', 'signature', 'inclusion'] })
  name: string;
  @ApiProperty()
  ok: boolean;
  @ApiProperty()
  detail: string;
}

export class VerifyAnswer {
  @ApiProperty()
  verified: boolean;
  @ApiProperty({ type: VerificationAnswer })
  verification: VerificationAnswer;
  @ApiPropertyOptional({ type: [CheckAnswer], description: 'Of a proof: what was checked.' })
  checks?: CheckAnswer[];
  @ApiPropertyOptional({ type: EventAnswer, description: 'Of an id: the event.' })
  event?: EventAnswer;
}
