import { toBase64 } from '@audital/chain/check';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex } from '../../adapters/chain-index';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { INDEX, TRUST } from '../../tokens';
import { keptPin } from '../kept-pin';
import { LogConsistencyQuery } from './request';

class ConsistencyAnswer {
  @ApiProperty()
  from: number;
  @ApiProperty()
  to: number;
  @ApiProperty({ type: [String], description: 'Base64 hashes, RFC 6962 §2.1.2.' })
  consistency: string[];
  @ApiProperty({ description: 'The newest signed checkpoint.' })
  checkpoint: string;
}

@ApiTags('Log')
@ApiBearerAuth()
@Controller('v1/log/consistency')
export class LogConsistencyRoute {
  constructor(
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(TRUST) private readonly trust: TrustKeeper,
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({ summary: 'That a later tree holds an earlier one' })
  @ApiOkResponse({ type: ConsistencyAnswer })
  handle(@Caller() caller: Identity, @Query() query: LogConsistencyQuery): ConsistencyAnswer {
    const { organisationId } = caller.organisation;
    const { checkpoint } = keptPin(this.trust, organisationId);
    const { from, to = checkpoint.size } = query;
    if (from > to || to > checkpoint.size) {
      const message = `from ≤ to ≤ ${checkpoint.size}, the size of the newest checkpoint, does not hold.`;
      throw new ApiError('INVALID_QUERY', message, {
        problems: [{ pointer: from > to ? 'query:from' : 'query:to', code: 'OUT_OF_RANGE', message }],
      });
    }
    const hashes = this.index.tree(organisationId).consistencyProof(from, to);
    return { from, to, consistency: hashes.map((hash) => toBase64(hash)), checkpoint: checkpoint.note };
  }
}
