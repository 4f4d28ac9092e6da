import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type ReadoptReply, type ReadoptRequest, subjects } from '@audital/contracts';
import { type Command, textOf, UsageError } from '../command';
import { ask, OPERATOR_HELP, OPERATOR_OPTIONS, organisationOf, partitionFor } from './ask';
import { rotateKey, ROTATE_HELP, ROTATE_OPTIONS } from './rotate-key';

/** A long chain is verified from its first byte before anything is answered. */
const READOPT_LIMIT_MS = 60 * 60_000;

export const chainCommand: Command = {
  summary: 'Rotate the signing key; put a chain back to work after its checkpoint store was lost',
  help: `audital chain rotate-key --add | --retire [options]

${ROTATE_HELP}

audital chain readopt --reason TEXT [options]

A chain stops with LOST_MEMORY when its checkpoint store is empty beside a ledger that has checkpoints. First try to restore the store.
When it is gone for good, this verifies every record, payload, link and signed checkpoint in the ledger, gives the newest checkpoint
back to the store, and seals who decided it and why. ROLLBACK and FORK do not end this way: restore the newer ledger.

Somebody who rolled back the ledger and emptied the store would pass too. Give a checkpoint that was kept elsewhere (of audital watch,
an export, a subscriber) with --checkpoint: the chain must contain it.

  --reason TEXT      Why; it is sealed (needed for both).
  --by NAME          Who decided it (your login name).
  --checkpoint FILE  A signed checkpoint that was kept outside.
  --organisation ID  Whose chain (that of the running npm start).
  --yes              Readopt: do it. Without, it is only said what would be done.
${OPERATOR_HELP}

Exit codes: 0 done; 1 refused or no answer; 2 usage.`,
  options: {
    ...OPERATOR_OPTIONS,
    ...ROTATE_OPTIONS,
    reason: { type: 'string' },
    by: { type: 'string' },
    checkpoint: { type: 'string' },
    organisation: { type: 'string' },
    yes: { type: 'boolean' },
  },
  async run({ values, targets, terminal }) {
    if (targets[0] === 'rotate-key') return rotateKey(targets.slice(1), { values, terminal });
    if (targets.length !== 1 || targets[0] !== 'readopt')
      throw new UsageError('Say audital chain rotate-key --add | --retire, or audital chain readopt --reason TEXT.');
    const reason = textOf(values['reason']);
    if (!reason) throw new UsageError('Why is the store readopted? Give --reason TEXT: it is sealed in the chain.');
    const organisationId = organisationOf(values);
    const file = textOf(values['checkpoint']);
    const known = file === undefined ? null : readFileSync(file, 'utf8');
    if (values['yes'] !== true) {
      throw new UsageError(
        `This would verify the chain of ${organisationId} and write its newest checkpoint into the empty store${file === undefined ? ', without a checkpoint kept elsewhere to compare it with (--checkpoint)' : ''}. Say --yes to do it.`,
      );
    }
    const by = textOf(values['by']) ?? userInfo().username;
    // The same decision has the same id, so repeating the command after an answer that was lost seals it once.
    const requestId = createHash('sha256')
      .update(JSON.stringify([organisationId, by, reason, known]))
      .digest('hex')
      .slice(0, 32);
    const body: ReadoptRequest = { v: 1, organisationId, requestId, by, reason, knownCheckpoint: known };
    const told = (reply: ReadoptReply): string[] => [
      `The chain goes on from the checkpoint of ${reply.size} records, root ${reply.root}, key ${reply.keyId}.`,
      `Sealed at position ${reply.chainPosition}.`,
    ];
    const subject = subjects.askChain(partitionFor(values, organisationId), 'readopt');
    return ask({ subject, body, told, timeoutMs: READOPT_LIMIT_MS }, { values, terminal });
  },
};
