import { randomUUID } from 'node:crypto';
import { checkPayload, inCanonicalOrder } from '@audital/chain/write';
import type { AppendRequest, JsonObject } from '@audital/contracts';
import { Body, Controller, Headers, Inject, Post, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { AppendEvent } from '../../adapters/append-event';
import type { Caller as Identity } from '../../adapters/authenticator';
import type { EventReader } from '../../adapters/event-reader';
import type { EventView } from '../../domain/event-view';
import { ApiError } from '../../http/api-error';
import { Caller, Needs } from '../../http/scopes.guard';
import { APPEND, EVENTS } from '../../tokens';
import { EventAnswer } from '../event-answer';
import { idempotencyKeyOf } from '../idempotency-key';
import { toInstant } from '../instant';
import { PostEventBody } from './request';

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit')
export class PostEventRoute {
  constructor(
    @Inject(APPEND) private readonly append: AppendEvent,
    @Inject(EVENTS) private readonly events: EventReader,
  ) {}

  @Post()
  @Needs('audit:write')
  @ApiOperation({
    summary: 'Record an event of your own',
    description:
      'When this answers, the event is sealed. It is pending until the next checkpoint, a second later at most.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'The same key and content seal one event, however often they are sent. One is made, and given back, when it is left out.',
  })
  @ApiCreatedResponse({ type: EventAnswer })
  async handle(
    @Caller() caller: Identity,
    @Headers('idempotency-key') givenKey: string | undefined,
    @Body() body: PostEventBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<EventView> {
    const { organisationId } = caller.organisation;
    const request = requestOf(caller, body, idempotencyKeyOf(givenKey) ?? randomUUID());
    const { chainPosition, replayed } = await this.append(request);
    response.setHeader('Idempotency-Key', request.idempotencyKey);
    if (replayed) response.setHeader('Idempotency-Replayed', 'true');
    const [event] = await this.events.views(organisationId, [chainPosition]);
    if (event?.id) response.location(`/v1/audit/${event.id}`);
    return event as EventView;
  }
}

function requestOf(caller: Identity, body: PostEventBody, idempotencyKey: string): AppendRequest {
  const problem = checkPayload(body.payload);
  if (problem !== null) {
    const pointer = `/payload${problem.pointer}`;
    const message = `${pointer} ${problem.reason}`;
    throw new ApiError('PAYLOAD_NOT_CANONICAL', message, {
      problems: [{ pointer, code: 'PAYLOAD_NOT_CANONICAL', message }],
    });
  }
  return {
    v: 1,
    organisationId: caller.organisation.organisationId,
    idempotencyKey,
    eventType: body.eventType,
    source: body.source ?? 'API',
    severity: body.severity ?? 'INFO',
    timestamp: body.timestamp === undefined || body.timestamp === null ? null : toInstant(body.timestamp),
    actor: body.actor ? { type: body.actor.type, id: body.actor.id } : caller.actor,
    modelId: body.modelId ?? null,
    payload: inCanonicalOrder(body.payload as JsonObject),
    tags: body.tags ?? [],
  };
}
