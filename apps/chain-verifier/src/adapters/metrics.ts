import type { VerifierReport } from '@audital/contracts';
import { Gauge, type Registry } from 'prom-client';

/** What a report says, for Prometheus. Answers what is to be told of every report. */
export function reportMetrics(registry: Registry): (report: VerifierReport) => void {
  const registers = [registry];
  const alerts = new Gauge({
    name: 'audital_chain_alerts',
    help: 'Alerts that stand on a chain; above 0, somebody has to look at GET /v1/audit/chain-status.',
    labelNames: ['organisation'],
    registers,
  });
  const verified = new Gauge({
    name: 'audital_chain_verified_events',
    help: 'Events of a chain that are verified under a kept checkpoint.',
    labelNames: ['organisation'],
    registers,
  });
  const whole = new Gauge({
    name: 'audital_chain_full_verification_timestamp_seconds',
    help: 'When a chain was last read whole.',
    labelNames: ['organisation'],
    registers,
  });
  return ({ organisationId: organisation, alerts: standing, verifiedTo, lastFullVerification }) => {
    alerts.set({ organisation }, standing.length);
    verified.set({ organisation }, verifiedTo);
    if (lastFullVerification) whole.set({ organisation }, Date.parse(lastFullVerification.at) / 1000);
  };
}
