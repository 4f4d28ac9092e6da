import { concat, fromBase64, type Sha256, toBase64, toHex, utf8 } from './bytes';

const ED25519 = 0x01;
export const KEY_BYTES = 32;

/** C2SP signed-note: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key). */
export function noteKeyId(sha256: Sha256, name: string, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(utf8(name), Uint8Array.of(0x0a, ED25519), publicKey)).slice(0, 4);
}

/** The verifier key in one line: `name+hex(key id)+base64(0x01 ‖ key)`. */
export function vkeyOf(sha256: Sha256, name: string, publicKey: Uint8Array): string {
  return `${name}+${toHex(noteKeyId(sha256, name, publicKey))}+${toBase64(concat(Uint8Array.of(ED25519), publicKey))}`;
}

export interface NoteKey {
  name: string;
  keyId: Uint8Array;
  publicKey: Uint8Array;
}

/** Throws a RangeError when the text is no Ed25519 vkey or its key id is not that of its key. */
export function parseVkey(sha256: Sha256, vkey: string): NoteKey {
  const [name, id, ...rest] = vkey.trim().split('+');
  const key = fromBase64(rest.join('+'));
  if (!name || !id || key[0] !== ED25519 || key.length !== KEY_BYTES + 1)
    throw new RangeError('Not an Ed25519 vkey (name+key id+base64).');
  const publicKey = key.slice(1);
  const keyId = noteKeyId(sha256, name, publicKey);
  if (toHex(keyId) !== id)
    throw new RangeError(`The key id of this vkey is ${toHex(keyId)}, not ${id}: it was mistyped or altered.`);
  return { name, keyId, publicKey };
}

/** C2SP tlog-checkpoint. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
}

export const checkpointText = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${toBase64(root)}\n`;

/** Throws a RangeError unless the text is exactly the checkpoint it says. Extension lines are refused: we never write them. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, end, ...more] = text.split('\n');
  if (!origin || !size || !root || end !== '' || more.length > 0)
    throw new RangeError('A checkpoint has three lines: origin, size, root.');
  const checkpoint = { origin, size: Number(size), root: fromBase64(root) };
  const right = /^\d{1,16}$/.test(size) && Number.isSafeInteger(checkpoint.size) && checkpoint.root.length === 32;
  if (!right || checkpointText(checkpoint) !== text)
    throw new RangeError('The size or the root of this checkpoint is not well formed.');
  return checkpoint;
}
