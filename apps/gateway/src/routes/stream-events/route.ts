import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { Authenticator, Caller as Identity } from '../../adapters/authenticator';
import type { EventStream } from '../../adapters/event-stream';
import { ApiError } from '../../http/api-error';
import { Outlet } from '../../http/outlet';
import { Caller, Needs } from '../../http/scopes.guard';
import { AUTHENTICATOR, SHUTDOWN, STREAM } from '../../tokens';
import { EventFilterQuery, filterOf } from '../event-filter-query';

@ApiTags('Audit')
@ApiBearerAuth()
@Controller('v1/audit/stream')
export class StreamEventsRoute {
  constructor(
    @Inject(STREAM) private readonly stream: EventStream,
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(SHUTDOWN) private readonly shutdown: AbortSignal,
  ) {}

  @Get()
  @Needs('audit:read')
  @ApiOperation({
    summary: 'Follow events as they come',
    description:
      'Server-sent events, oldest first, each verified and under a signed checkpoint. The id of each is its chainPosition: with it in Last-Event-ID a stream goes on without a gap; without, it begins now.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The chainPosition of the last event that was seen; -1 to begin with the first.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'A stream that does not end by itself.' })
  async handle(@Caller() caller: Identity, @Query() query: EventFilterQuery, @Res() response: Response): Promise<void> {
    const request = response.req;
    const from = startOf(request.header('last-event-id'));
    const outlet = new Outlet(response, this.shutdown);
    const headers = {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    };
    response.writeHead(200, headers).flushHeaders();
    const { organisationId } = caller.organisation;
    await this.stream.run({
      organisationId,
      filter: filterOf(query),
      from,
      outlet,
      isAllowed: () => this.isAllowed(request),
    });
    response.end();
  }

  private isAllowed(request: Request): Promise<boolean> {
    return this.authenticator.authenticate(request.headers.authorization).then(
      () => true,
      (error: unknown) => !(error instanceof ApiError),
    );
  }
}

/** Null: from now on. */
function startOf(lastEventId: string | undefined): number | null {
  if (lastEventId === undefined || lastEventId === '') return null;
  if (/^(?:-1|0|[1-9]\d{0,14})$/.test(lastEventId)) return Number(lastEventId) + 1;
  const message = 'Last-Event-ID is the chainPosition of an event, or -1.';
  throw new ApiError('INVALID_QUERY', message, {
    problems: [{ pointer: 'header:Last-Event-ID', code: 'INVALID_VALUE', message }],
  });
}
