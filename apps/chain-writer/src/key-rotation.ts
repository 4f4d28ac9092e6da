import {
  Conflict,
  type OrganisationId,
  Rejected,
  type RotateKeyReply,
  type RotateKeyRequest,
  type SealRequest,
  Unavailable,
} from '@audital/contracts';
import { checkRotateRequest, decideRotation, type RotationDecision } from './domain/rotation';
import type { OrganisationWriter } from './organisation-writer';

/**
 * Rotates one organisation's signing key in two steps, which the operator asks for: A → A+B, then A+B → B. Each is one event of the chain, and
 * who signs follows from the chain alone: dying anywhere in here, the next start signs with the keys that the sealed events name.
 */
export class KeyRotation {
  constructor(
    private readonly organisationId: OrganisationId,
    private readonly writer: Pick<OrganisationWriter, 'inTurn' | 'newestCheckpoint' | 'signing'>,
    private readonly now: () => Date,
  ) {}

  /** Throws Rejected, Unavailable. The same request again answers what stands. */
  async rotate(request: RotateKeyRequest): Promise<RotateKeyReply> {
    checkRotateRequest(request);
    const decision = await this.inTurn(request).catch((error: unknown) => {
      throw error instanceof Conflict
        ? new Unavailable('ledger', 'Somebody else wrote at the same time: ask again.', { cause: error })
        : error;
    });
    if (decision.kind === 'REFUSED') throw new Rejected(decision.code, decision.reason);
    return this.reply(request, decision);
  }

  private async inTurn(request: RotateKeyRequest): Promise<RotationDecision> {
    const decided: RotationDecision[] = [];
    await this.writer.inTurn(async ({ state, seal, sign }) => {
      // Covers what a crash left unsigned: of a first half, the checkpoint by both keys.
      await sign();
      const decision = this.decide(request);
      decided.push(decision);
      if (decision.kind !== 'SEAL') return;
      const part: SealRequest = {
        ...{ v: 1, organisationId: this.organisationId, integrationId: null },
        observations: [decision.observation],
        cursor: null,
      };
      await seal(state, part);
      // Dying here, the change stands under no checkpoint yet: the next load signs one, with the keys of after it.
      await sign();
    });
    return decided[0] as RotationDecision;
  }

  private decide(request: RotateKeyRequest): RotationDecision {
    const { signing, newestCheckpoint } = this.writer;
    return decideRotation(request, {
      epochs: signing.epochs,
      vkeyOf: (epoch) => signing.described(epoch).vkey,
      endorse: (by, epoch) => signing.endorsement(by, epoch),
      checkpointSize: newestCheckpoint?.size ?? 0,
      now: this.now().toISOString(),
    });
  }

  private reply(
    { phase }: RotateKeyRequest,
    { kind, epoch }: Exclude<RotationDecision, { kind: 'REFUSED' }>,
  ): RotateKeyReply {
    const { signing, newestCheckpoint } = this.writer;
    const { epochs } = signing;
    const key = epochs.find((one) => one.epoch === epoch);
    const chainPosition = (phase === 'ADD' ? key?.addedAt : key?.retiredAt) ?? null;
    if (chainPosition === null) throw new Rejected('EVENT_INVALID', 'The chain did not take the change of keys.');
    return {
      ...{ phase, key: signing.described(epoch), chainPosition, replayed: kind === 'STANDS' },
      live: epochs.filter(({ retiredAt }) => retiredAt === null).map((one) => signing.described(one.epoch)),
      checkpointSize: newestCheckpoint?.size ?? 0,
    };
  }
}
