import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { sha256, verifyEd25519 } from '@audital/chain/node';
import { type NoteSigner, vkeyOf } from '@audital/chain/write';
import type { OrganisationId } from '@audital/contracts';

export { sha256, verifyEd25519 };

/** DER of an Ed25519 private key up to its 32 bytes of seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** One signing key: readers know it by its vkey. */
export interface SigningKey {
  epoch: number;
  vkey: string;
  signer: NoteSigner;
}

/** What one organisation's chain is signed and its ids are made with, all from the master secret (DESIGN §3). */
export interface OrganisationKeys {
  origin: string;
  idSecret: Uint8Array;
  /** Epochs count from 1; the first is named in LOG_CREATED. */
  key: (epoch: number) => SigningKey;
}

/** HKDF-SHA-256 with the organisation as salt and purpose and epoch as info: one organisation's keys say nothing of another's. */
export function organisationKeys(
  masterSecret: Uint8Array,
  organisationId: OrganisationId,
  logOrigin: string,
): OrganisationKeys {
  const derive = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', masterSecret, organisationId, `audital/${purpose}`, 32));
  const origin = `${logOrigin}/log/${organisationId}`;
  const known = new Map<number, SigningKey>();
  const key = (epoch: number): SigningKey => {
    const made = known.get(epoch) ?? signingKey(origin, epoch, derive(`checkpoint-signing/${epoch}`));
    known.set(epoch, made);
    return made;
  };
  return { origin, idSecret: derive('event-ids'), key };
}

function signingKey(origin: string, epoch: number, seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = rawPublicKey(privateKey);
  return {
    epoch,
    vkey: vkeyOf(sha256, origin, publicKey),
    signer: { name: origin, publicKey, sign: (message) => sign(null, message, privateKey) },
  };
}

function rawPublicKey(privateKey: KeyObject): Uint8Array {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  return new Uint8Array(Buffer.from(x as string, 'base64url'));
}
