import type { AuditEvent } from '@audital/contracts';
import { type Command, EXIT, textOf, UsageError, wholeNumber } from '../command';
import { findGateway, GATEWAY_HELP, GATEWAY_OPTIONS } from '../gateway-client';

export const tailCommand: Command = {
  summary: 'Print events as they are sealed',
  help: `audital tail [options]

  --from POSITION        begin with this event; 0 is the first (default: from now on)
  --json                 each event as the API shows it, one on a line
${GATEWAY_HELP}`,
  options: { ...GATEWAY_OPTIONS, from: { type: 'string' } },
  async run({ values, targets, terminal }) {
    if (targets.length > 0) throw new UsageError('tail takes no target.');
    const from = textOf(values['from']) === undefined ? null : wholeNumber('from', values['from'], 0);
    const headers: Record<string, string> = from === null ? {} : { 'last-event-id': String(from - 1) };
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of await findGateway(values).stream('/v1/audit/stream', headers)) {
      text += decoder.decode(chunk, { stream: true });
      const messages = text.split('\n\n');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const data = message.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
        if (data.length === 0) continue;
        const event = JSON.parse(data.join('\n')) as AuditEvent;
        if (terminal.json) terminal.object(event);
        else terminal.line(lineOf(event));
      }
    }
    return EXIT.ok;
  },
};

const lineOf = ({ chainPosition, timestamp, eventType, severity, id, verified, verification }: AuditEvent): string =>
  `#${chainPosition}  ${timestamp}  ${eventType}  ${severity}  ${id}  ${verified ? 'verified' : verification.status}`;
