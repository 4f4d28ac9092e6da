import { equalBytes, toBase64, toHex } from '@audital/chain/check';
import { tlogProofText } from '@audital/chain/write';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex } from '../../adapters/chain-index';
import type { EventReader, ReadEvent } from '../../adapters/event-reader';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import { eventView } from '../../domain/event-view';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { EVENTS, INDEX, TRUST } from '../../tokens';
import { positionOf } from '../position-of';
import { ProofAnswer } from './answer';

const PROOF_TYPE = 'text/x.tlog-proof';

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit')
export class EventProofRoute {
  constructor(
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(EVENTS) private readonly events: EventReader,
    @Inject(TRUST) private readonly trust: TrustKeeper,
  ) {}

  @Get(':id/proof')
  @Needs('audit:read')
  @ApiOperation({
    summary: 'The proof of an event',
    description: `As JSON with the exact bytes, or with Accept: ${PROOF_TYPE} (or text/plain) as a C2SP .tlog-proof file.`,
  })
  @ApiProduces('application/json', PROOF_TYPE)
  @ApiOkResponse({ type: ProofAnswer })
  async handle(
    @Caller() caller: Identity,
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { organisationId } = caller.organisation;
    const position = positionOf(this.index, organisationId, id);
    const [read] = await this.events.read(organisationId, [position]);
    const placement = this.placement(read as ReadEvent, organisationId);
    const pin = this.trust.pin(organisationId);
    const note = pin?.checkpoint.note ?? '';
    response.vary('Accept');
    if (request.accepts(['application/json', PROOF_TYPE, 'text/plain']) !== 'application/json') {
      response
        .attachment(`${id}.tlog-proof`)
        .type(PROOF_TYPE)
        .send(tlogProofText({ index: position, hashes: placement, note }));
      return;
    }
    const { event, stored } = read as ReadEvent;
    response.json({
      event: eventView(organisationId, position, event),
      record: toBase64(stored.record as Uint8Array),
      payload: event.payload && toBase64(event.payload.bytes),
      salt: event.payload && toHex(event.payload.salt),
      leafIndex: position,
      inclusion: placement.map((hash) => toBase64(hash)),
      checkpoint: note,
      vkeys: (pin?.keys ?? []).map(({ vkey }) => vkey),
    });
  }

  /** The hashes from the leaf up. What does not lead to the signed root gets no proof. */
  private placement(
    { position, event }: ReadEvent,
    organisationId: Identity['organisation']['organisationId'],
  ): Uint8Array[] {
    if (event.verification.status === 'pending') {
      throw new ApiError('EVENT_PENDING', `${event.verification.reason ?? ''} Ask again in a second.`.trim(), {
        headers: { 'Retry-After': '1' },
      });
    }
    const placement = this.events.placementUnder(organisationId, position);
    if (placement && event.blockHash && equalBytes(placement.leaf, event.blockHash)) return placement.proof;
    throw new ApiError(
      'EVIDENCE_CORRUPT',
      `There is no proof for position ${position}: ${event.verification.reason ?? 'it does not verify'}`,
    );
  }
}
