import type { OrganisationId, Verification } from '@audital/contracts';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { ChainIndex } from '../../adapters/chain-index';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import type { EventReader } from '../../adapters/event-reader';
import type { GatewaySettings } from '../../adapters/settings';
import type { TrustKeeper } from '../../adapters/trust-keeper';
import type { EventView } from '../../domain/event-view';
import { originOf } from '../../domain/origin';
import { type Check, verifyProof } from '../../domain/verify-proof';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { EVENTS, INDEX, SETTINGS, TRUST } from '../../tokens';
import { positionOf } from '../position-of';
import { VerifyAnswer } from './answer';
import { type ProofBody, VerifyEventBody } from './request';

interface Verified {
  verified: boolean;
  verification: Verification;
  checks?: Check[];
  event?: EventView;
}

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit/verify')
export class VerifyEventRoute {
  constructor(
    @Inject(INDEX) private readonly index: ChainIndex,
    @Inject(EVENTS) private readonly events: EventReader,
    @Inject(TRUST) private readonly trust: TrustKeeper,
    @Inject(SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  @Post()
  @HttpCode(200)
  @Needs('audit:read')
  @ApiOperation({
    summary: 'Verify an event',
    description:
      'By its id: it is read again. By its proof: checked by itself against the pinned keys, without a look into the store, as for an export.',
  })
  @ApiOkResponse({ type: VerifyAnswer })
  async handle(@Caller() caller: Identity, @Body() body: VerifyEventBody): Promise<Verified> {
    const { organisationId } = caller.organisation;
    const { id, event, proof } = body;
    if (typeof id === 'string' && !proof && !event) return this.byId(organisationId, id);
    if (proof && id === undefined) return this.byProof(organisationId, proof, event ?? proof.event ?? null);
    const message = 'Give either id, or proof (and event with it).';
    throw new ApiError('VALIDATION_FAILED', message, { problems: [{ pointer: '', code: 'INVALID_VALUE', message }] });
  }

  private async byId(organisationId: OrganisationId, id: string): Promise<Verified> {
    const [event] = await this.events.views(organisationId, [positionOf(this.index, organisationId, id)]);
    const { verified, verification } = event as EventView & { verification: Verification };
    return { verified, verification, event: event as EventView };
  }

  private byProof(organisationId: OrganisationId, proof: ProofBody, event: Record<string, unknown> | null): Verified {
    const { record, leafIndex, inclusion, checkpoint } = proof;
    const claimed = {
      record,
      payload: proof.payload ?? null,
      salt: proof.salt ?? null,
      leafIndex,
      inclusion,
      checkpoint,
    };
    const keys = this.trust.pin(organisationId)?.keys ?? [];
    const origin = originOf(this.settings.logOrigin, organisationId);
    return verifyProof(sha256, verifyEd25519, {
      origin,
      keys,
      event,
      proof: claimed,
      checkedAt: this.settings.now().toISOString(),
    });
  }
}
