import { HASH_BYTES, parseTilePath, TILE_WIDTH } from '@audital/chain/check';
import { entryBundle } from '@audital/chain/write';
import type { OrganisationId } from '@audital/contracts';
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex } from '../../adapters/chain-index';
import type { StoredEvents } from '@audital/ledger';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { tileWidth } from '../../domain/tile-width';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { INDEX, STORED, TRUST } from '../../tokens';
import { keptPin } from '../kept-pin';

@ApiTags('Log')
@ApiBearerAuth()
@Controller('v1/log')
export class LogTileRoute {
  constructor(
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(STORED) private readonly stored: StoredEvents,
    @Inject(TRUST) private readonly trust: TrustKeeper,
  ) {}

  @Get('tile/*path')
  @Needs('audit:read')
  @ApiOperation({
    summary: 'A tile of the Merkle tree, or a bundle of records',
    description:
      'C2SP tlog-tiles: <L>/<N>[.p/<W>] and entries/<N>[.p/<W>]. Entries are records; payloads are never in them.',
  })
  @ApiParam({ name: 'path', example: '0/000.p/5' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The bytes; they never change.' })
  async handle(@Caller() caller: Identity, @Req() request: Request, @Res() response: Response): Promise<void> {
    const { organisationId } = caller.organisation;
    const path = request.path.slice(request.path.indexOf('/tile/') + 1);
    const wanted = parseTilePath(path);
    const { size } = keptPin(this.trust, organisationId).checkpoint;
    if (wanted === null || wanted.width > tileWidth(size, wanted.level, wanted.n)) {
      throw new ApiError('TILE_NOT_FOUND', `${path.slice(0, 100)} is no tile of a tree of ${size} events.`);
    }
    const { level, n, width } = wanted;
    const bytes =
      level === 'entries'
        ? await this.entries(organisationId, n, width)
        : this.hashes(organisationId, { level, n, width });
    response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
    response.type('application/octet-stream').send(Buffer.from(bytes));
  }

  private hashes(
    organisationId: OrganisationId,
    { level, n, width }: { level: number; n: number; width: number },
  ): Uint8Array {
    const tile = this.index.tile(organisationId, level, n);
    if (tile && tile.length >= width * HASH_BYTES) return tile.slice(0, width * HASH_BYTES);
    this.trust.suspectTiles(organisationId);
    throw new ApiError('UNAVAILABLE', 'The tile is being built anew from the ledger; try again shortly.');
  }

  private async entries(organisationId: OrganisationId, n: number, width: number): Promise<Uint8Array> {
    const positions = Array.from({ length: width }, (_, index) => n * TILE_WIDTH + index);
    const records = await this.stored.records(organisationId, positions);
    const bundle = positions.map((position) => {
      const record = records.get(position);
      if (!record) throw new ApiError('EVIDENCE_CORRUPT', `The ledger holds no record at position ${position}.`);
      return record.data;
    });
    return entryBundle(bundle);
  }
}
