import { handoverText, toHex } from '@audital/chain/check';
import { parseVkey, signNote } from '@audital/chain/write';
import type { LiveKey } from '@audital/contracts';
import { type OrganisationKeys, sha256, type SigningKey } from './adapters/keys';
import { type KeyEpoch, keyEpochs, liveAt } from './domain/key-epochs';

/** Which keys sign an organisation's checkpoints: what its chain says, so that every process and every restart answers the same. */
export class SigningKeys {
  /** `find`: where a fact stands in the chain. */
  constructor(
    private readonly keys: OrganisationKeys,
    private readonly find: (fact: string) => number | null,
  ) {}

  get epochs(): KeyEpoch[] {
    return keyEpochs(this.find);
  }

  /** Those that sign the tree of this size, oldest first; at least one. */
  at(size: number): SigningKey[] {
    return liveAt(this.epochs, size).map(({ epoch }) => this.keys.key(epoch));
  }

  /** By which key a checkpoint of this size is told to be verified: the first that signs it. */
  keyIdAt(size: number): string {
    return this.described((this.at(size)[0] as SigningKey).epoch).keyId;
  }

  described(epoch: number): LiveKey {
    const { vkey } = this.keys.key(epoch);
    return { epoch, vkey, keyId: toHex(parseVkey(sha256, vkey).keyId) };
  }

  /** What verifiers believe the key of `epoch` by. */
  endorsement(by: number, epoch: number): string {
    const { origin, key } = this.keys;
    return signNote(sha256, handoverText(origin, key(epoch).vkey), [key(by).signer]);
  }
}
