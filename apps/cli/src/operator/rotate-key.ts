import { userInfo } from 'node:os';
import { type OrganisationId, type RotateKeyReply, type RotateKeyRequest, subjects } from '@audital/contracts';
import { type OptionValues, textOf, UsageError, wholeNumber } from '../command';
import type { Terminal } from '../terminal';
import { ask, organisationOf, partitionFor } from './ask';

export const ROTATE_OPTIONS = {
  add: { type: 'boolean' },
  retire: { type: 'boolean' },
  epoch: { type: 'string' },
} as const;

export const ROTATE_HELP = `Rotates the key that signs an organisation's checkpoints, in two steps: --add has the next key sign beside the old one, which endorses it;
--retire, days later, ends the old one. Both are sealed in the chain. Repeating a step changes nothing. docs/keys.md says what to do between.

  --add, --retire    Which step.
  --epoch N          Which key is meant: for scripts, so that a step that was done is never taken for the next rotation's.
  ORGANISATION       Whose key, also as --organisation (that of the running npm start).`;

const ANSWER_LIMIT_MS = 60_000;

/** `audital chain rotate-key [ORGANISATION]`. Answers the exit code. */
export function rotateKey(targets: string[], o: { values: OptionValues; terminal: Terminal }): Promise<number> {
  const { values } = o;
  const isAdd = values['add'] === true;
  if (isAdd === (values['retire'] === true) || targets.length > 1)
    throw new UsageError('Say audital chain rotate-key --add, and when verifiers had time, --retire.');
  const reason = textOf(values['reason']);
  if (!reason) throw new UsageError('Why is the key rotated? Give --reason TEXT: it is sealed in the chain.');
  const organisationId = (targets[0] as OrganisationId | undefined) ?? organisationOf(values);
  const body: RotateKeyRequest = {
    ...{ v: 1, organisationId, phase: isAdd ? 'ADD' : 'RETIRE', reason },
    epoch: values['epoch'] === undefined ? null : wholeNumber('epoch', values['epoch'], 1),
    by: textOf(values['by']) ?? userInfo().username,
  };
  const subject = subjects.askChain(partitionFor(values, organisationId), 'rotate-key');
  return ask({ subject, body, told: isAdd ? toldAdded : toldRetired, timeoutMs: ANSWER_LIMIT_MS }, o);
}

function toldAdded(reply: RotateKeyReply): string[] {
  const { key, live, chainPosition } = reply;
  const isOver = !live.some(({ epoch }) => epoch === key.epoch - 1);
  return [
    `${stands(reply)}: key ${key.keyId} (epoch ${key.epoch}) was added at position ${chainPosition}.`,
    ...whoSigns(reply),
    ...(isOver
      ? ['The key before it is retired: this rotation is over. Without --epoch, --add begins the next one.']
      : [
          'Next: publish the new key where verifiers take it from, beside the old one:',
          `  ${key.vkey}`,
          'Who reads the whole chain (gateway, chain-verifier, exports) follows by the endorsement. Who pins a key for single proofs or',
          'checkpoints needs the new one before the old one ends: give them days, then audital chain rotate-key --retire.',
        ]),
  ];
}

function toldRetired(reply: RotateKeyReply): string[] {
  const { key, chainPosition } = reply;
  return [
    `${stands(reply)}: key ${key.keyId} (epoch ${key.epoch}) was retired at position ${chainPosition}.`,
    ...whoSigns(reply),
    'Next: take it off the published keys for new checkpoints, and keep it where old exports are verified:',
    `  ${key.vkey}`,
  ];
}

const stands = ({ replayed }: RotateKeyReply): string => (replayed ? 'Nothing new' : 'Done');

function whoSigns({ live, checkpointSize }: RotateKeyReply): string[] {
  const keys = live.map(({ keyId, epoch }) => `${keyId} (epoch ${epoch})`).join(' and ');
  return [`Checkpoints are signed by ${keys}, the newest (${checkpointSize} events) included.`];
}
