import { ApiProperty } from '@nestjs/swagger';
import { EventAnswer } from '../event-answer';

export class ProofAnswer {
  @ApiProperty({ type: EventAnswer })
  event: EventAnswer;
  @ApiProperty({ description: 'Base64 of the exact record bytes.' })
  record: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Base64 of the exact payload bytes; null when they do not match the record or were redacted.',
  })
  payload: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Hex.' })
  salt: string | null;
  @ApiProperty()
  leafIndex: number;
  @ApiProperty({ type: [String], description: 'Base64 hashes from the leaf’s sibling up to the root’s child.' })
  inclusion: string[];
  @ApiProperty({ description: 'The signed note: tree size and root stand in it, and nowhere else.' })
  checkpoint: string;
  @ApiProperty({
    type: [String],
    description:
      'The keys that this gateway has pinned, newest last, those that were retired too. A verifier takes them from elsewhere: from here they prove nothing.',
  })
  vkeys: string[];
}
