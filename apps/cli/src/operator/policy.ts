import { type PayloadPolicy, RETENTION, subjects } from '@audital/contracts';
import { type Command, textOf, UsageError } from '../command';
import { ask, OPERATOR_HELP, OPERATOR_OPTIONS, organisationOf } from './ask';
import { WHO_HELP, whoOf } from './redact';

const OPTIONS = { ...OPERATOR_OPTIONS, who: { type: 'string' }, organisation: { type: 'string' } } as const;
const COMMON_HELP = `${WHO_HELP}
  --organisation ID  Whose payloads (default: those of the running npm start).
${OPERATOR_HELP}

Each change stands in the chain (CONFIG_CHANGE). Exit codes: 0 done; 1 refused or no answer; 2 usage.`;

const told = ({ retentionDays, holds }: PayloadPolicy): string[] => [
  `Payloads are kept for ${retentionDays} days.`,
  ...(holds.length === 0
    ? ['No legal hold is in force.']
    : holds.map(({ name, reason, placedAt }) => `Legal hold ${JSON.stringify(name)} since ${placedAt}: ${reason}`)),
];

export const retentionCommand: Command = {
  summary: 'Show or set how long payloads are kept',
  help: `audital retention show | set DAYS [options]

Payloads older than DAYS (${RETENTION.floorDays} to ${RETENTION.daysMax}; ${RETENTION.defaultDays} unless set) are erased, segment by segment, when no legal hold is in force. Records stay.

${COMMON_HELP}`,
  options: OPTIONS,
  async run({ values, targets, terminal }) {
    const [verb, days, ...more] = targets;
    const organisationId = organisationOf(values);
    if (verb === 'show' && days === undefined)
      return ask(
        { subject: subjects.askRegistry('show-policy'), body: { organisationId }, told },
        { values, terminal },
      );
    if (verb !== 'set' || days === undefined || !/^\d{1,6}$/.test(days) || more.length > 0)
      throw new UsageError('Say audital retention show, or audital retention set DAYS.');
    const body = { organisationId, who: whoOf(textOf(values['who'])), retentionDays: Number(days) };
    return ask({ subject: subjects.askRegistry('set-retention'), body, told }, { values, terminal });
  },
};

export const holdCommand: Command = {
  summary: 'Place or lift a legal hold: under one, no payload goes',
  help: `audital hold place | lift NAME --reason TEXT [options]

${COMMON_HELP}`,
  options: { ...OPTIONS, reason: { type: 'string' } },
  async run({ values, targets, terminal }) {
    const [verb, name, ...more] = targets;
    const reason = textOf(values['reason']);
    if ((verb !== 'place' && verb !== 'lift') || name === undefined || more.length > 0 || reason === undefined)
      throw new UsageError('Say audital hold place NAME --reason TEXT, or audital hold lift NAME --reason TEXT.');
    const body = { organisationId: organisationOf(values), who: whoOf(textOf(values['who'])), name, reason };
    return ask({ subject: subjects.askRegistry(`${verb}-hold`), body, told }, { values, terminal });
  },
};
