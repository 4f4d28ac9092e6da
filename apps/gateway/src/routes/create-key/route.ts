import { Body, Controller, Headers, Inject, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { Organisations } from '../../adapters/organisations';
import type { ApiKeyView } from '../../domain/api-key-view';
import { Caller, Needs } from '../../http/scopes.guard';
import { ORGANISATIONS } from '../../tokens';
import { idempotencyKeyOf } from '../idempotency-key';
import { NewKeyAnswer } from '../key-answer';
import { CreateKeyBody } from './request';

@ApiTags('Keys')
@ApiBearerAuth()
@Controller('v1/keys')
export class CreateKeyRoute {
  constructor(@Inject(ORGANISATIONS) private readonly organisations: Organisations) {}

  @Post()
  @Needs('keys:manage')
  @ApiOperation({
    summary: 'Make an API key',
    description:
      'The key is in this answer and nowhere else: only an HMAC of it is kept. A key gives away no scope that it lacks itself.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'A repetition makes no second key, and does not show the first one again.',
  })
  @ApiCreatedResponse({ type: NewKeyAnswer })
  async handle(
    @Caller() caller: Identity,
    @Headers('idempotency-key') givenKey: string | undefined,
    @Body() body: CreateKeyBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ApiKeyView & { key: string | null }> {
    const mode = body.mode ?? (caller.organisation.kind === 'LIVE' ? 'live' : 'test');
    const { key, text } = await this.organisations.createKey(caller, {
      prefix: mode === 'live' ? 'ak_live_' : 'ak_test_',
      label: body.label,
      scopes: body.scopes,
      idempotencyKey: idempotencyKeyOf(givenKey),
    });
    // No cache on the way keeps a copy.
    response.setHeader('Cache-Control', 'no-store');
    if (text === null) response.setHeader('Idempotency-Replayed', 'true');
    return { ...key, key: text };
  }
}
