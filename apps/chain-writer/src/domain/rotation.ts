import { KEY_CHANGE_TAG } from '@audital/chain/check';
import {
  facts,
  type JsonObject,
  type KeyChangePayload,
  type Observation,
  Rejected,
  type RotateKeyRequest,
} from '@audital/contracts';
import type { KeyEpoch } from './key-epochs';

/** What the edge knows and the decision needs. */
export interface RotationContext {
  epochs: readonly KeyEpoch[];
  vkeyOf: (epoch: number) => string;
  /** The handover from one key to the next, signed by the former. */
  endorse: (by: number, epoch: number) => string;
  /** Of the newest checkpoint that was published. */
  checkpointSize: number;
  now: string;
}

export type RotationDecision =
  | { kind: 'SEAL'; epoch: number; observation: Observation }
  /** The chain says so already. */
  | { kind: 'STANDS'; epoch: number }
  | { kind: 'REFUSED'; code: string; reason: string };

/** Throws Rejected for a request that is not of the shape. */
export function checkRotateRequest({ phase, epoch, by, reason }: RotateKeyRequest): void {
  const isText = (value: unknown, max: number): boolean =>
    typeof value === 'string' && value.trim() !== '' && value.length <= max && value.isWellFormed();
  if (phase !== 'ADD' && phase !== 'RETIRE') throw new Rejected('REQUEST_INVALID', 'phase is ADD or RETIRE.');
  if (epoch !== null && !(Number.isSafeInteger(epoch) && epoch >= 1))
    throw new Rejected('REQUEST_INVALID', 'epoch is a whole number from 1 on, or null.');
  if (!isText(by, 128))
    throw new Rejected('REQUEST_INVALID', 'by is the person who decided it, in 1 to 128 characters.');
  if (!isText(reason, 2000)) throw new Rejected('REQUEST_INVALID', 'reason is a text of 1 to 2000 characters.');
}

/** One half of a rotation, from what the chain says: at most two keys sign at a time, and one always does. */
export function decideRotation(request: RotateKeyRequest, context: RotationContext): RotationDecision {
  return request.phase === 'ADD' ? decideAdd(request, context) : decideRetire(request, context);
}

function decideAdd(request: RotateKeyRequest, context: RotationContext): RotationDecision {
  const { newest, oldest } = ends(context);
  const wanted = request.epoch ?? (newest === oldest ? newest.epoch + 1 : newest.epoch);
  if (wanted > 1 && wanted <= newest.epoch) return { kind: 'STANDS', epoch: wanted };
  if (wanted !== newest.epoch + 1) return wrongEpoch(`The next key to be added is that of epoch ${newest.epoch + 1}.`);
  if (newest !== oldest)
    return refused(
      'KEY_NOT_RETIRED',
      `The keys of epochs ${oldest.epoch} and ${newest.epoch} both sign: retire the older one first.`,
    );
  const { vkeyOf, endorse } = context;
  const { reason } = request;
  const change = { epoch: wanted, vkey: vkeyOf(wanted), endorsement: endorse(newest.epoch, wanted), reason };
  return sealed(facts.keyAdded(wanted), { kind: 'KEY_ADDED', ...change }, request, context.now);
}

function decideRetire(request: RotateKeyRequest, context: RotationContext): RotationDecision {
  const { newest, oldest } = ends(context);
  const isAlone = newest === oldest;
  const wanted = request.epoch ?? (isAlone && newest.epoch > 1 ? newest.epoch - 1 : oldest.epoch);
  if (context.epochs.some(({ epoch, retiredAt }) => epoch === wanted && retiredAt !== null))
    return { kind: 'STANDS', epoch: wanted };
  if (wanted > newest.epoch)
    return wrongEpoch(`The chain has no key of epoch ${wanted}; its newest is ${newest.epoch}.`);
  if (wanted === newest.epoch)
    return refused(
      'KEY_NOT_ADDED',
      `The key of epoch ${newest.epoch} is the newest, and nothing would sign after it: add the next one first.`,
    );
  // Whoever knows the old key alone has to have a checkpoint that it signs and that covers the new one.
  if (context.checkpointSize <= newest.addedAt)
    return refused(
      'KEY_NOT_PUBLISHED',
      `No checkpoint signed by both keys has been published yet: the key of epoch ${newest.epoch} was added at position ${newest.addedAt}, and the newest checkpoint covers ${context.checkpointSize} events. Ask again in a second.`,
    );
  const change = { epoch: wanted, vkey: context.vkeyOf(wanted), reason: request.reason };
  return sealed(facts.keyRetired(wanted), { kind: 'KEY_RETIRED', ...change }, request, context.now);
}

function ends({ epochs }: RotationContext): { newest: KeyEpoch; oldest: KeyEpoch } {
  const live = epochs.filter(({ retiredAt }) => retiredAt === null);
  return { oldest: live[0] as KeyEpoch, newest: live.at(-1) as KeyEpoch };
}

function sealed(fact: string, payload: KeyChangePayload, request: RotateKeyRequest, now: string): RotationDecision {
  const observation: Observation = {
    fact,
    eventType: 'CONFIG_CHANGE',
    source: 'AUDITAL',
    severity: 'HIGH',
    timestamp: now,
    observedAt: now,
    captureMode: 'API',
    actor: { type: 'USER', id: request.by },
    integrationId: null,
    payload: payload as unknown as JsonObject,
    tags: [KEY_CHANGE_TAG],
  };
  return { kind: 'SEAL', epoch: payload.epoch, observation };
}

const refused = (code: string, reason: string): RotationDecision => ({ kind: 'REFUSED', code, reason });
const wrongEpoch = (reason: string): RotationDecision => refused('KEY_EPOCH_INVALID', reason);
