import { equalBytes, fromBase64, utf8 } from '../format/bytes';
import { type Checkpoint, type NoteKey, parseCheckpoint } from '../format/note';

/** Ed25519: whether the 64 bytes are the key's signature of the message. Never throws. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** The note is not one that a trusted key signed. */
export class InvalidNote extends Error {
  override readonly name = 'InvalidNote';
}

export interface OpenedNote<Key extends NoteKey = NoteKey> {
  text: string;
  /** The trusted keys that signed it; at least one. */
  keys: Key[];
}

const SIGNATURES_MAX = 64;

/** C2SP signed-note: unknown keys are ignored, a known key whose signature fails spoils the whole note, one known key must have signed. */
export function openNote<Key extends NoteKey>(note: string, keys: Key[], verify: VerifySignature): OpenedNote<Key> {
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(note) || !note.isWellFormed())
    throw new InvalidNote('The note holds control characters.');
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) throw new InvalidNote('The note has no signatures.');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX)
    throw new InvalidNote(`The note has ${lines.length} signatures; at most ${SIGNATURES_MAX} are looked at.`);
  const signed = lines.flatMap((line) => {
    const { name, blob } = parseSignature(line);
    const key = keys.find((one) => one.name === name && equalBytes(one.keyId, blob.subarray(0, 4)));
    if (!key) return [];
    if (blob.length !== 68 || !verify(key.publicKey, utf8(text), blob.subarray(4)))
      throw new InvalidNote(`The signature by ${name} does not verify.`);
    return [key];
  });
  if (signed.length === 0)
    throw new InvalidNote('No trusted key signed this note (after a rotation of keys, give the newer one too).');
  return { text, keys: signed };
}

function parseSignature(line: string): { name: string; blob: Uint8Array } {
  const found = /^\u2014 (\S+) (\S+)$/.exec(line);
  try {
    const blob = fromBase64(found?.[2] ?? '');
    if (found && blob.length > 4) return { name: found[1] as string, blob };
  } catch {
    // The same answer as for a line of another form.
  }
  throw new InvalidNote('A signature line is not well formed.');
}

/** A checkpoint that a trusted key of this log signed. The key's name must be the origin. */
export function openCheckpoint<Key extends NoteKey>(
  note: string,
  keys: Key[],
  verify: VerifySignature,
): Checkpoint & { keys: Key[] } {
  const opened = openNote(note, keys, verify);
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(opened.text);
  } catch (error) {
    throw new InvalidNote((error as Error).message, { cause: error });
  }
  const own = opened.keys.filter((key) => key.name === checkpoint.origin);
  if (own.length === 0)
    throw new InvalidNote(`The checkpoint of ${checkpoint.origin} is signed by a key of another name.`);
  return { ...checkpoint, keys: own };
}

/** Parses a C2SP `.tlog-proof`; the unauthenticated `extra` line is dropped. Throws InvalidNote. */
export function parseTlogProof(text: string): { index: number; hashes: Uint8Array[]; note: string } {
  const end = text.indexOf('\n\n');
  const [version, ...lines] = text.slice(0, Math.max(end, 0)).split('\n');
  if (version !== 'c2sp.org/tlog-proof@v1') throw new InvalidNote('Not a c2sp.org/tlog-proof@v1 file.');
  if (lines[0]?.startsWith('extra ')) lines.shift();
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined) throw new InvalidNote('The proof has no index.');
  try {
    const hashes = lines.map((line) => fromBase64(line));
    if (hashes.every((hash) => hash.length === 32)) return { index: Number(index), hashes, note: text.slice(end + 2) };
  } catch {
    // Told below.
  }
  throw new InvalidNote('A hash of the proof is not 32 bytes of base64.');
}
