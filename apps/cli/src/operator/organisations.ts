import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CreateOrganisationReply, makeApiKey, subjects } from '@audital/contracts';
import { type Command, textOf, UsageError } from '../command';
import { ask, OPERATOR_HELP, OPERATOR_OPTIONS } from './ask';

export const organisationsCommand: Command = {
  summary: 'Make an organisation, its sandbox and its first API key',
  help: `audital organisations create NAME [options]

Makes an organisation with a chain, a signing key and an external id of its own, and a sandbox beside it. Its first API key is shown
once: keep it.

${OPERATOR_HELP}
  --key-file FILE    The first key, made beforehand: with it the command may be repeated, and answers the same organisation.

Exit codes: 0 made, or there already; 1 refused or no answer; 2 usage.`,
  options: { ...OPERATOR_OPTIONS, 'key-file': { type: 'string' } },
  async run({ values, targets, terminal }) {
    const [verb, name, ...more] = targets;
    if (verb !== 'create' || name === undefined || more.length > 0)
      throw new UsageError('Say audital organisations create NAME, the name in quotes when it has spaces.');
    const file = textOf(values['key-file']);
    // Made here, so that an answer that is lost on the way does not leave an organisation with a key that nobody knows.
    const firstKey = file === undefined ? makeApiKey('ak_live_', randomBytes(32)) : readFileSync(file, 'utf8').trim();
    const told = (reply: CreateOrganisationReply): string[] => [
      `organisation ${reply.organisationId}`,
      `sandbox      ${reply.sandboxId}`,
      `external id  ${reply.externalId}   (into the trust policy of the role in the customer's AWS account)`,
      file === undefined
        ? `API key      ${firstKey}   (shown this once)`
        : `API key      the one in ${file}${reply.apiKey === null ? '; the organisation was there already' : ''}`,
    ];
    return ask(
      { subject: subjects.askRegistry('create-organisation'), body: { name, firstKey }, told },
      { values, terminal },
    );
  },
};
