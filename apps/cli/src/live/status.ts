import { type Command, EXIT, UsageError } from '../command';
import { findGateway, GATEWAY_HELP, GATEWAY_OPTIONS } from '../gateway-client';

interface ChainStatus {
  valid: boolean;
  verdict: string;
  reason: string | null;
  totalEvents: number;
  pendingEvents: number;
  checkpointSize: number | null;
  keyId: string | null;
  lastVerifiedAt: string;
  alerts: { severity: string; code: string; message: string }[];
  stopped: string | null;
  verifier: {
    status: string;
    lastFullVerification: { size: number; at: string } | null;
    reason: string | null;
  };
}

export const statusCommand: Command = {
  summary: 'Say whether the chain of the running Audital holds',
  help: `audital status [options]

${GATEWAY_HELP}

Exit codes: 0 it holds, 10 it does not, 11 not all is under a checkpoint yet (PENDING, STALE) or the chain is stopped, 12 it is empty.`,
  options: GATEWAY_OPTIONS,
  async run({ values, targets, terminal }) {
    if (targets.length > 0) throw new UsageError('status takes no target.');
    const status = await findGateway(values).json<ChainStatus>('/v1/audit/chain-status');
    if (terminal.json) terminal.object(status);
    else {
      terminal.line(
        `${status.verdict}: ${status.totalEvents} events, ${status.pendingEvents} not under a checkpoint yet`,
      );
      if (status.reason !== null && status.stopped === null) terminal.line(`  ${status.reason}`);
      terminal.line(`  checkpoint  ${status.checkpointSize ?? 'none'}, key ${status.keyId ?? 'none'}`);
      terminal.line(`  verified    ${status.lastVerifiedAt}`);
      terminal.line(`  verifier    ${verifierLine(status.verifier)}`);
      for (const { severity, code, message } of status.alerts) terminal.line(`  ${severity}  ${code}: ${message}`);
    }
    if (status.verdict === 'EMPTY') return EXIT.nothing;
    if (status.verdict === 'PENDING' || status.verdict === 'STALE') return EXIT.caveats;
    if (!status.valid) return EXIT.tampered;
    return status.stopped === null ? EXIT.ok : EXIT.caveats;
  },
};

/** The chain-verifier's word beside the gateway's. */
function verifierLine({ status, lastFullVerification: whole, reason }: ChainStatus['verifier']): string {
  if (status === 'UNAVAILABLE')
    return `UNAVAILABLE, so this is the gateway's own reading alone. ${reason ?? ''}`.trimEnd();
  return whole
    ? `${status}, read the whole chain (${whole.size} events) at ${whole.at}`
    : `${status}, no whole pass yet`;
}
