import { inCanonicalOrder } from '@audital/chain/write';
import type { JsonObject } from '@audital/contracts';
import { fitPayload } from './payload';
import { type Commit, withoutSecrets, withPointers } from './secrets';

/**
 * A payload as it leaves this process. Secrets go first and size second: what is shortened would otherwise leave the plain SHA-256 of a
 * text with a secret in it, which can be guessed, or half a secret whose form nobody knows any more.
 */
export function outgoing(payload: JsonObject, commit: Commit): JsonObject {
  const shown = withoutSecrets(payload, commit);
  const fitted = fitPayload(shown);
  const told = fitted === shown ? shown : withPointers(fitted, shown['secretsCommitted'] !== undefined);
  return inCanonicalOrder(told);
}
