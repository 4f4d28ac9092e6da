import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { LEGAL_BASES, makeId, type RedactReply, type RedactRequest, subjects } from '@audital/contracts';
import { type Command, textOf, UsageError } from '../command';
import { ask, OPERATOR_HELP, OPERATOR_OPTIONS, organisationOf, partitionFor } from './ask';

const ANSWER_LIMIT_MS = 120_000;

export const WHO_HELP = `  --who NAME         Who asks, as the chain will show them (default: this machine's user).`;

export const whoOf = (given: string | undefined): string => given ?? userInfo().username;

export const redactCommand: Command = {
  summary: 'Erase payloads of events, with the reason in the chain',
  help: `audital redact POSITION|EVENT … --reason TEXT --legal-basis BASIS [options]

Seals PAYLOAD_REDACTED, then erases the payloads of the named events (chain positions, or evt_… ids) from ledger, broker and dead letters.
Their records, and so the chain, stand. Nothing brings a payload back. docs/redaction.md says what goes and what stays.

  --reason TEXT      Stands in the chain for ever: do not repeat what is to go.
  --legal-basis B    ${Object.keys(LEGAL_BASES).join(', ')}. Only GDPR_ART_17 and COURT_ORDER go before the floor of 183 days.
${WHO_HELP}
  --organisation ID  Whose events (default: that of the running npm start).
  --request-id ID    Of an earlier try: answers how far it got, and goes on with it.
${OPERATOR_HELP}

Exit codes: 0 every copy is gone; 1 refused, no answer, or not all is gone yet (it is tried again by itself); 2 usage.`,
  options: {
    ...OPERATOR_OPTIONS,
    reason: { type: 'string' },
    'legal-basis': { type: 'string' },
    who: { type: 'string' },
    organisation: { type: 'string' },
    'request-id': { type: 'string' },
  },
  async run({ values, targets, terminal }) {
    if (targets.length === 0) throw new UsageError('Which events? Name chain positions or evt_… ids.');
    const organisationId = organisationOf(values);
    const request: RedactRequest = {
      v: 1,
      organisationId,
      requestId: textOf(values['request-id']) ?? makeId('req', Date.now(), randomBytes(10)),
      positions: targets.filter((one) => !one.startsWith('evt_')).map(positionOf),
      eventIds: targets.filter((one) => one.startsWith('evt_')),
      who: whoOf(textOf(values['who'])),
      reason: required('reason', textOf(values['reason'])),
      legalBasis: required('legal-basis', textOf(values['legal-basis'])) as RedactRequest['legalBasis'],
    };
    const isDone = ({ pending }: RedactReply): boolean => pending.length === 0;
    const told = (reply: RedactReply): string[] => [
      `${reply.id} at position ${reply.chainPosition} says that ${reply.redacted.length === 1 ? 'position' : 'positions'} ${reply.redacted.join(', ')} lost the payload.`,
      ...(isDone(reply)
        ? ['Every copy that Audital has is gone. Backups of before have theirs: docs/redaction.md.']
        : reply.pending.map(({ where, reason }) => `Not gone yet, tried again by itself: ${where}: ${reason}`)),
    ];
    terminal.note(`Request ${request.requestId}`);
    const subject = subjects.askChain(partitionFor(values, organisationId), 'redact');
    return ask({ subject, body: request, timeoutMs: ANSWER_LIMIT_MS, told, isDone }, { values, terminal });
  },
};

function positionOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`${JSON.stringify(text)} is no chain position and no evt_… id.`);
  return Number(text);
}

function required(name: string, value: string | undefined): string {
  if (value === undefined || value.trim() === '') throw new UsageError(`--${name} is needed: the chain says why.`);
  return value;
}
