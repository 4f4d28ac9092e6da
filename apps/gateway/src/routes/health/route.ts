import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../../http/scopes.guard';
import { READINESS } from '../../tokens';

/** Null checks out; a sentence says what is missing. */
export type Readiness = () => { ready: boolean; checks: Record<string, string> };

/**
 * For load balancers, without a key. It lives while it answers; it is ready once it has read the ledger. Anybody may ask, so it tells what is
 * missing, and not where that stands: the sentences are at HEALTH_PORT, which is not published.
 */
@ApiExcludeController()
@Public()
@Controller('health')
export class HealthRoute {
  constructor(@Inject(READINESS) private readonly readiness: Readiness) {}

  @Get('live')
  live(): { live: true } {
    return { live: true };
  }

  @Get('ready')
  ready(@Res({ passthrough: true }) response: Response): ReturnType<Readiness> {
    const report = this.readiness();
    if (!report.ready) response.status(503);
    const checks = Object.entries(report.checks).map(([name, said]) => [name, said === 'ok' ? said : 'not ready']);
    return { ready: report.ready, checks: Object.fromEntries(checks) };
  }
}
