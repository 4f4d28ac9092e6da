import { hashText, leafHash } from '@audital/chain/check';
import { exportLine, exportTrailer } from '@audital/chain/write';
import { Corrupt, ledgerStreams, type OrganisationId } from '@audital/contracts';
import type { StoredEvent } from '@audital/ledger';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import { sha256 } from '../../adapters/crypto';
import type { GatewaySettings } from '../../adapters/settings';
import type { StoredEvents } from '../../adapters/stored-events';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { originOf } from '../../domain/origin';
import type { Pin } from '../../domain/trust';
import { ApiError } from '../../http/api-error';
import { Outlet } from '../../http/outlet';
import { Caller, Needs } from '../../http/scopes.guard';
import { SETTINGS, SHUTDOWN, STORED, TRUST } from '../../tokens';
import { keptPin } from '../kept-pin';
import { ExportEventsQuery } from './request';

const PAGE = 100;

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit/export')
export class ExportEventsRoute {
  constructor(
    @Inject(STORED) private readonly stored: StoredEvents,
    @Inject(TRUST) private readonly trust: TrustKeeper,
    @Inject(SETTINGS) private readonly settings: GatewaySettings,
    @Inject(SHUTDOWN) private readonly shutdown: AbortSignal,
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'Export the chain',
    description:
      'NDJSON: one line of exact bytes per event, up to the newest checkpoint, and a trailer with count, head and checkpoint. An export without its trailer was cut; go on with ?from=.',
  })
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({ description: 'Lines and a trailer.' })
  async handle(
    @Caller() caller: Identity,
    @Query() { from }: ExportEventsQuery,
    @Res() response: Response,
  ): Promise<void> {
    const { organisationId } = caller.organisation;
    // One checkpoint for the whole export: what is sealed meanwhile belongs to the next.
    const pin = keptPin(this.trust, organisationId);
    if (from > pin.checkpoint.size) {
      const message = `from is at most ${pin.checkpoint.size}, the size of the newest checkpoint.`;
      throw new ApiError('INVALID_QUERY', message, {
        problems: [{ pointer: 'query:from', code: 'OUT_OF_RANGE', message }],
      });
    }
    const outlet = new Outlet(response, this.shutdown);
    const first = await this.page(organisationId, from, pin);
    response.attachment(`${organisationId}.ndjson`).type('application/x-ndjson');
    await this.write(organisationId, { from, pin, outlet, first });
    // Cut short by a stop of the gateway, the file has no trailer, and says so by that.
    if (outlet.isOpen) response.end();
    else response.destroy();
  }

  private async write(
    organisationId: OrganisationId,
    o: { from: number; pin: Pin; outlet: Outlet; first: StoredEvent[] },
  ): Promise<void> {
    const { from, pin, outlet } = o;
    const { size, note } = pin.checkpoint;
    let head: string | null = null;
    let page = o.first;
    for (let next = from; next < size && outlet.isOpen;) {
      const payloads = await this.stored.payloads(organisationId, page);
      let text = '';
      for (const { revision, data } of page) {
        const payload = payloads.get(revision);
        const stored =
          payload?.state === 'PRESENT' ? { salt: payload.salt, payload: payload.bytes } : { salt: null, payload: null };
        text += exportLine({ chainPosition: revision, record: data, ...stored });
        head = hashText(leafHash(sha256, data));
      }
      await outlet.write(text);
      next += page.length;
      if (next < size) page = await this.page(organisationId, next, pin);
    }
    const last = size > from ? size - 1 : null;
    const trailer = {
      origin: originOf(this.settings.logOrigin, organisationId),
      count: size - from,
      first: last === null ? null : from,
      last,
      head,
      checkpoint: note,
      vkeys: [pin.vkey],
    };
    await outlet.write(exportTrailer(trailer));
  }

  /** A gap in the ledger ends the export: a file that hides it would look whole. */
  private async page(organisationId: OrganisationId, from: number, { checkpoint }: Pin): Promise<StoredEvent[]> {
    const count = Math.min(PAGE, checkpoint.size - from);
    const positions = Array.from({ length: count }, (_, index) => from + index);
    const records = await this.stored.records(organisationId, positions);
    return positions.map((position) => {
      const record = records.get(position);
      if (!record)
        throw new Corrupt(
          ledgerStreams.chain(organisationId),
          position,
          `Position ${position} is missing, so the export ends before it.`,
        );
      return record;
    });
  }
}
