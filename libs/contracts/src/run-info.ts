/** `<data>/run.json` while `npm start` runs (mode 0600): where everything is, for the CLI, examples and scripts. */
export interface RunInfo {
  /** http://… */
  gateway: string;
  /** nats://viewer:…@…: may subscribe to `audit.>` and nothing else. */
  nats: string;
  /** http://…; null with `--aws`. */
  simulator: string | null;
  organisationId: string;
  externalId: string;
  apiKey: string;
  pids: Record<string, number>;
}
