import { concat, type Sha256, toBase64, utf8 } from '../format/bytes';
import { noteKeyId } from '../format/note';

export interface NoteSigner {
  /** The key's name: the log's origin. */
  name: string;
  publicKey: Uint8Array;
  /** Ed25519 over the bytes: 64 bytes. */
  sign: (message: Uint8Array) => Uint8Array;
}

/** C2SP signed-note. `text` ends in a newline; several signers during a rotation of keys. */
export function signNote(sha256: Sha256, text: string, signers: NoteSigner[]): string {
  const lines = signers.map(({ name, publicKey, sign }) => {
    const blob = concat(noteKeyId(sha256, name, publicKey), sign(utf8(text)));
    return `\u2014 ${name} ${toBase64(blob)}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** A C2SP `.tlog-proof` file. */
export function tlogProofText(proof: { index: number; hashes: Uint8Array[]; note: string }): string {
  const hashes = proof.hashes.map((hash) => `${toBase64(hash)}\n`).join('');
  return `c2sp.org/tlog-proof@v1\nindex ${proof.index}\n${hashes}\n${proof.note}`;
}
