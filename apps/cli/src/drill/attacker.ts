import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { sha256 } from '@audital/chain/node';
import {
  appendLeaf,
  canonicalBytes,
  type ChainRecord,
  checkpointText,
  emptyTree,
  exportLine,
  exportTrailer,
  hashText,
  payloadHash,
  sealRecord,
  signNote,
  treeRoot,
  vkeyOf,
  ZERO_HASH,
} from '@audital/chain/write';

/** DER of an Ed25519 private key up to its seed (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Someone with a key of its own and full access to the store: the writer itself, gone bad, or whoever took its place. */
export class Sealer {
  private readonly privateKey;
  private readonly publicKey: Uint8Array;

  constructor(seed: Uint8Array) {
    this.privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
    const { x } = createPublicKey(this.privateKey).export({ format: 'jwk' });
    this.publicKey = new Uint8Array(Buffer.from(x as string, 'base64url'));
  }

  vkey(origin: string): string {
    return vkeyOf(sha256, origin, this.publicKey);
  }

  /** Gives records their positions, links and payload hashes anew: the lines of an export, and what a trailer says of them. */
  seal(origin: string, drafts: readonly Draft[]): Sealed {
    let [prevHash, tree] = [ZERO_HASH, emptyTree()];
    const lines = drafts.map(({ record, salt, payload }, chainPosition) => {
      const hashed = salt && payload ? hashText(payloadHash(sha256, salt, payload)) : (record.payloadHash ?? ZERO_HASH);
      const content = { ...record, origin, chainPosition, payloadHash: hashed, prevHash } as ChainRecord;
      const sealed = sealRecord(sha256, content);
      prevHash = hashText(sealed.blockHash);
      tree = appendLeaf(sha256, tree, sealed.blockHash);
      return exportLine({ chainPosition, record: sealed.bytes, salt, payload }).trimEnd();
    });
    return { origin, lines, head: prevHash, root: treeRoot(sha256, tree) };
  }

  /** The trailer over what was sealed, signed with the own key. */
  trailer({ origin, lines, head, root }: Sealed): string {
    const checkpoint = this.note(origin, checkpointText({ origin, size: lines.length, root }));
    const last = lines.length - 1;
    const rest = { before: [], checkpoint, vkeys: [this.vkey(origin)] };
    return exportTrailer({ origin, count: lines.length, first: 0, last, head, ...rest }).trimEnd();
  }

  /** The text as a signed note of this key. */
  note(name: string, text: string): string {
    const signer = {
      name,
      publicKey: this.publicKey,
      sign: (message: Uint8Array) => sign(null, message, this.privateKey),
    };
    return signNote(sha256, text, [signer]);
  }
}

export interface Draft {
  record: Partial<ChainRecord>;
  salt: Uint8Array | null;
  payload: Uint8Array | null;
}

export interface Sealed {
  origin: string;
  lines: string[];
  head: string;
  root: Uint8Array;
}

/** What stands in one line of an export, to be changed and sealed again. */
export function draftOf(line: string): Draft {
  const { record, salt, payload } = JSON.parse(line) as { record: string; salt: string | null; payload: string | null };
  return {
    record: JSON.parse(Buffer.from(record, 'base64').toString()) as ChainRecord,
    salt: salt === null ? null : Buffer.from(salt, 'hex'),
    payload: payload === null ? null : Buffer.from(payload, 'base64'),
  };
}

/** An export of `count` made-up events, the same for the same seed. */
export function sampleExport(count: number, seed: string): { lines: string[]; trailer: string; vkey: string } {
  const origin = 'drill.audital.local/log/org_00000000000000000000000000';
  const sealer = new Sealer(sha256(Buffer.from(`key of ${seed}`)));
  const drafts = Array.from({ length: count }, (_, number): Draft => {
    const at = new Date(Date.UTC(2026, 2, 2, 11) + number * 60_000).toISOString();
    const isFirst = number === 0;
    return {
      record: {
        v: 1,
        id: `evt_${String(number).padStart(26, '0')}`,
        eventType: isFirst ? 'LOG_CREATED' : number % 3 === 0 ? 'DEPLOYMENT' : 'TRAINING_COMPLETED',
        source: isFirst ? 'AUDITAL' : 'AWS_SAGEMAKER',
        severity: 'INFO',
        modelId: isFirst ? null : 'mdl_00000000000000000000000000',
        integrationId: isFirst ? null : 'int_00000000000000000000000000',
        timestamp: at,
        observedAt: at,
        recordedAt: at,
        captureMode: 'POLL',
        actor: { type: 'SERVICE', id: isFirst ? 'chain-writer' : 'sagemaker-collector' },
        tags: number % 4 === 0 ? ['drill'] : [],
      },
      salt: sha256(Buffer.from(`salt ${number} of ${seed}`)),
      payload: canonicalBytes({
        finalMetrics: { 'validation:auc': 0.9 - number / 1000 },
        run: `credit-scorer-${number}`,
      }),
    };
  });
  const sealed = sealer.seal(origin, drafts);
  return { lines: sealed.lines, trailer: sealer.trailer(sealed), vkey: sealer.vkey(origin) };
}
