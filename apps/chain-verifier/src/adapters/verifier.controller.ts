import { type AskVerifierStatus, isId, Rejected, type VerifierReport } from '@audital/contracts';
import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Verifier } from '../verifier';

export const VERIFIER = Symbol('VERIFIER');

@Controller()
export class VerifierController {
  constructor(@Inject(VERIFIER) private readonly verifier: Verifier) {}

  @MessagePattern('ask.verifier.status')
  status(@Payload() request: AskVerifierStatus): VerifierReport {
    const organisationId = request?.organisationId;
    if (typeof organisationId !== 'string' || !isId('org', organisationId))
      throw new Rejected('INVALID_REQUEST', 'organisationId is org_ and 26 characters.');
    return this.verifier.report(organisationId);
  }
}
