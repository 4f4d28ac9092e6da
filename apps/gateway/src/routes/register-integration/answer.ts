import { ApiProperty } from '@nestjs/swagger';
import { TestOutcome } from '../integration-fields';

class DryRunTest extends TestOutcome {
  @ApiProperty({ enum: ['ACCEPTED', 'REFUSED'], description: 'ACCEPTED: it would become ACTIVE.' })
  outcome: string;
}

/** The answer's shape, for the OpenAPI document. */
export class DryRunAnswer {
  @ApiProperty({ enum: [true] })
  dryRun: boolean;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The equal integration that stands already; null: a new one would be registered.',
  })
  existing: string | null;
  @ApiProperty({ type: DryRunTest })
  test: DryRunTest;
}
