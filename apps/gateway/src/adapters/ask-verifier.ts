import {
  type AskVerifierStatus,
  type OrganisationId,
  Rejected,
  subjects,
  Unavailable,
  type VerifierReport,
} from '@audital/contracts';
import type { Bus } from '@audital/messaging';
import type { VerifierAnswer } from '../domain/with-verifier';

export type AskVerifier = (organisationId: OrganisationId) => Promise<VerifierAnswer>;

/** It answers from memory; who waits longer than this would rather have the gateway's own reading. */
const ANSWER_LIMIT_MS = 1_000;

/** Asks the chain-verifier for its report. That it does not answer is an answer too. */
export const askVerifier =
  (bus: Pick<Bus, 'ask'>): AskVerifier =>
  async (organisationId) => {
    const request: AskVerifierStatus = { organisationId };
    try {
      const report = await bus.ask<VerifierReport>(subjects.askVerifierStatus(), request, {
        timeoutMs: ANSWER_LIMIT_MS,
      });
      return { report };
    } catch (error) {
      if (!(error instanceof Unavailable || error instanceof Rejected)) throw error;
      return { unavailable: `The chain-verifier did not answer: ${error.message}` };
    }
  };
