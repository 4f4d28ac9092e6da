/** The few values of the configuration that routes need. */
export interface GatewaySettings {
  /** Signs list cursors. */
  cursorSecret: Uint8Array;
  /** `<LOG_ORIGIN>/log/<orgId>` is the origin of an organisation's log. */
  logOrigin: string;
  partitions: number;
  /** Who assumes customers' roles; null: the setup page shows a placeholder. */
  collectorPrincipalArn: string | null;
  now: () => Date;
}
