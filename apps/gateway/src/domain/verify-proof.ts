import {
  canonicalBytes,
  type ChainRecord,
  equalBytes,
  fromBase64,
  fromHex,
  hashText,
  InvalidNote,
  KeyRing,
  leafHash,
  parseRecord,
  payloadMatches,
  type PinnedKey,
  type Sha256,
  toHex,
  Uncanonical,
  verifyInclusion,
  type VerifySignature,
} from '@audital/chain/check';
import type { Verification } from '@audital/contracts';

/** What GET /v1/audit/:id/proof answers, or anybody else says it did. */
export interface ClaimedProof {
  /** Base64 of the exact bytes. */
  record: string;
  payload: string | null;
  /** Hex. */
  salt: string | null;
  leafIndex: number;
  inclusion: string[];
  /** The signed note. */
  checkpoint: string;
}

export interface Check {
  name: 'record' | 'event' | 'payload' | 'signature' | 'inclusion';
  ok: boolean;
  detail: string;
}

export interface ProofVerdict {
  verified: boolean;
  verification: Verification;
  checks: Check[];
}

export interface ProofInput {
  origin: string;
  /** The keys that this reader has pinned, with those that were retired since; none: nothing can be believed. */
  keys: readonly PinnedKey[];
  event: Record<string, unknown> | null;
  proof: ClaimedProof;
  checkedAt: string;
}

/**
 * Checks an event and its proof by themselves, without a look into any store: also what was exported long ago. The link to the record
 * before is implied by the signed tree; it is not looked at here.
 */
export function verifyProof(sha256: Sha256, verifySignature: VerifySignature, input: ProofInput): ProofVerdict {
  const { proof } = input;
  const record = attempt('record', () => {
    const bytes = fromBase64(proof.record);
    const parsed = parseRecord(bytes);
    if (parsed.origin !== input.origin)
      throw new RangeError(`The record belongs to the log ${parsed.origin}, not to ${input.origin}.`);
    if (parsed.chainPosition !== proof.leafIndex)
      throw new RangeError(
        `The record is the one of position ${parsed.chainPosition}, the proof is for ${proof.leafIndex}.`,
      );
    return {
      value: { bytes, parsed, leaf: leafHash(sha256, bytes) },
      detail: 'The record is whole and belongs to this log.',
    };
  });
  const signature = attempt('signature', () => {
    if (input.keys.length === 0)
      throw new RangeError('No key of this log is pinned here, so no signature can be believed (UNPINNED).');
    const opened = new KeyRing(sha256, verifySignature, input.keys).openCheckpoint(proof.checkpoint);
    if (opened.origin !== input.origin)
      throw new RangeError(`The checkpoint belongs to the log ${opened.origin}, not to ${input.origin}.`);
    return { value: opened, detail: `A pinned key signed this checkpoint of ${opened.size} events.` };
  });
  const checks = [record.check, signature.check];
  if (record.value) {
    const { parsed, leaf } = record.value;
    checks.push(attempt('payload', () => checkPayload(sha256, parsed, proof)).check);
    const { event } = input;
    if (event) checks.push(attempt('event', () => checkEvent(event, { record: parsed, leaf, proof })).check);
    const checkpoint = signature.value;
    if (checkpoint)
      checks.push(
        attempt('inclusion', () =>
          checkInclusion(sha256, { proof, leaf, size: checkpoint.size, root: checkpoint.root }),
        ).check,
      );
  }
  return verdictOf(checks, {
    checkpointSize: signature.value?.size ?? null,
    keyId: keyIdOf(signature.value?.keys),
    checkedAt: input.checkedAt,
  });
}

function verdictOf(checks: Check[], known: Pick<Verification, 'checkpointSize' | 'keyId' | 'checkedAt'>): ProofVerdict {
  const passed = (name: Check['name']): boolean => checks.some((check) => check.name === name && check.ok);
  const bad = checks.find((check) => !check.ok);
  const isIncluded = passed('inclusion') && passed('signature');
  const isRedacted = !bad && !passed('payload');
  const status = bad ? 'failed' : isRedacted ? 'redacted' : 'ok';
  const reason =
    bad?.detail ?? (isRedacted ? 'The proof comes without the payload, so only the record was checked.' : null);
  return {
    verified: status === 'ok' && isIncluded,
    verification: { level: isIncluded ? 'included' : 'stored', status, reason, ...known },
    checks,
  };
}

const keyIdOf = (keys: { keyId: Uint8Array }[] | undefined): string | null => (keys?.[0] ? toHex(keys[0].keyId) : null);

/** What cannot be parsed has failed its check; nothing that a caller sends may throw further than here. */
function attempt<T>(
  name: Check['name'],
  work: () => { value: T; detail: string } | { skipped: true },
): { value: T | null; check: Check } {
  try {
    const result = work();
    if ('skipped' in result) return { value: null, check: { name, ok: true, detail: 'There was nothing to check.' } };
    return { value: result.value, check: { name, ok: true, detail: result.detail } };
  } catch (error) {
    const known =
      error instanceof RangeError ||
      error instanceof InvalidNote ||
      error instanceof Uncanonical ||
      (error as Error).name === 'InvalidRecord';
    if (!known) throw error;
    return { value: null, check: { name, ok: false, detail: (error as Error).message } };
  }
}

function checkPayload(
  sha256: Sha256,
  record: ChainRecord,
  { payload, salt }: ClaimedProof,
): { value: true; detail: string } | { skipped: true } {
  if (payload === null || salt === null) return { skipped: true };
  if (!payloadMatches(sha256, record, { salt: fromHex(salt), bytes: fromBase64(payload) }))
    throw new RangeError('The payload is not the one that the record commits to.');
  return { value: true, detail: 'The payload is the one that the record commits to.' };
}

function checkInclusion(
  sha256: Sha256,
  o: { proof: ClaimedProof; leaf: Uint8Array; size: number; root: Uint8Array },
): { value: true; detail: string } {
  const { proof, leaf, size, root } = o;
  const hashes = proof.inclusion.map((hash) => fromBase64(hash));
  if (!verifyInclusion(sha256, { index: proof.leafIndex, size, leaf, proof: hashes, root }))
    throw new RangeError('The record is not included under the checkpoint.');
  return { value: true, detail: `The record is leaf ${proof.leafIndex} of the signed tree.` };
}

const SAME_NAME = [
  'id',
  'eventType',
  'source',
  'severity',
  'modelId',
  'integrationId',
  'timestamp',
  'observedAt',
  'recordedAt',
  'captureMode',
  'chainPosition',
  'actor',
  'tags',
] as const;

/** Every hashed field of the event as it is shown has to say what the record says. */
function checkEvent(
  event: Record<string, unknown>,
  at: { record: ChainRecord; leaf: Uint8Array; proof: ClaimedProof },
): { value: true; detail: string } {
  const { record, leaf, proof } = at;
  const expected: Record<string, unknown> = Object.fromEntries(SAME_NAME.map((name) => [name, record[name]]));
  const payload =
    proof.payload === null
      ? {}
      : { payload: JSON.parse(new TextDecoder().decode(fromBase64(proof.payload))) as unknown };
  const all = { ...expected, blockHash: hashText(leaf), previousHash: record.prevHash, ...payload };
  const differing = Object.entries(all).filter(
    ([name, value]) => !(name in event) || !equalBytes(canonicalBytes(event[name]), canonicalBytes(value)),
  );
  if (differing.length > 0)
    throw new RangeError(`The event differs from its record in ${differing.map(([name]) => name).join(', ')}.`);
  return { value: true, detail: 'The event says what its record says.' };
}
