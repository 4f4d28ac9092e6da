import { hashText } from '@audital/chain/check';
import { exportLine, exportTrailer } from '@audital/chain/write';
import { Corrupt, ledgerStreams, type OrganisationId } from '@audital/contracts';
import type { StoredEvent, StoredEvents } from '@audital/ledger';
import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex } from '../../adapters/chain-index';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import type { Pin } from '../../domain/trust';
import { ApiError } from '../../http/api-error';
import { Outlet } from '../../http/outlet';
import { Caller, Needs } from '../../http/scopes.guard';
import { INDEX, SHUTDOWN, STORED, TRUST } from '../../tokens';
import { keptPin } from '../kept-pin';
import { ExportEventsQuery } from './request';

const PAGE = 100;

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit/export')
export class ExportEventsRoute {
  constructor(
    @Inject(STORED) private readonly stored: StoredEvents,
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(TRUST) private readonly trust: TrustKeeper,
    @Inject(SHUTDOWN) private readonly shutdown: AbortSignal,
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'Export the chain',
    description:
      'NDJSON: one line of exact bytes per event, up to the newest checkpoint, and a trailer with count, head and checkpoint. An export without its trailer was cut: ask again with &after= and the last position that it brought, and append the answer. docs/verify.md has the format.',
  })
  @ApiProduces('application/x-ndjson')
  @ApiOkResponse({ description: 'Lines and a trailer.' })
  async handle(
    @Caller() caller: Identity,
    @Query() { from, after }: ExportEventsQuery,
    @Res() response: Response,
  ): Promise<void> {
    const { organisationId } = caller.organisation;
    // One checkpoint for the whole export: what is sealed meanwhile belongs to the next.
    const pin = keptPin(this.trust, organisationId);
    const { size } = pin.checkpoint;
    const next = after === undefined ? from : after + 1;
    if (from > size) throw outOfRange('from', `from is at most ${size}, the size of the newest checkpoint.`);
    if (next < from || next > size)
      throw outOfRange(
        'after',
        `after lies from ${from} to ${size - 1}, the last position under the newest checkpoint.`,
      );
    const outlet = new Outlet(response, this.shutdown);
    const first = await this.page(organisationId, next, pin);
    response.attachment(`${organisationId}.ndjson`).type('application/x-ndjson');
    await this.write(organisationId, { from, next, pin, outlet, first });
    // Cut short by a stop of the gateway, the file has no trailer, and says so by that.
    if (outlet.isOpen) response.end();
    else response.destroy();
  }

  private async write(
    organisationId: OrganisationId,
    o: { from: number; next: number; pin: Pin; outlet: Outlet; first: StoredEvent[] },
  ): Promise<void> {
    const { from, pin, outlet } = o;
    const { size, note } = pin.checkpoint;
    let page = o.first;
    for (let next = o.next; next < size && outlet.isOpen;) {
      const payloads = await this.stored.payloads(organisationId, page);
      let text = '';
      for (const { revision, data } of page) {
        const payload = payloads.get(revision);
        const stored =
          payload?.state === 'PRESENT' ? { salt: payload.salt, payload: payload.bytes } : { salt: null, payload: null };
        text += exportLine({ chainPosition: revision, record: data, ...stored });
      }
      await outlet.write(text);
      next += page.length;
      if (next < size) page = await this.page(organisationId, next, pin);
    }
    const last = size > from ? size - 1 : null;
    const trailer = {
      origin: note.slice(0, note.indexOf('\n')),
      count: size - from,
      first: last === null ? null : from,
      last,
      head: last === null ? null : hashText(pin.head),
      before: last === null ? [] : this.index.tree(organisationId).compactRange(from),
      checkpoint: note,
      vkeys: pin.keys.map(({ vkey }) => vkey),
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

function outOfRange(name: string, message: string): ApiError {
  return new ApiError('INVALID_QUERY', message, {
    problems: [{ pointer: `query:${name}`, code: 'OUT_OF_RANGE', message }],
  });
}
