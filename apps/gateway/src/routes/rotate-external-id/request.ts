import { ApiProperty } from '@nestjs/swagger';
import { IsDefined, IsIn } from 'class-validator';

export class RotateExternalIdBody {
  @ApiProperty({
    enum: ['START', 'FINISH', 'CANCEL'],
    description:
      'START gives out the next external id, and both are good. FINISH retires the old one, once the role of every polled integration takes the next. CANCEL gives the next one up.',
  })
  @IsDefined()
  @IsIn(['START', 'FINISH', 'CANCEL'], { message: 'externalIdRotation is START, FINISH or CANCEL' })
  externalIdRotation: 'START' | 'FINISH' | 'CANCEL';
}
