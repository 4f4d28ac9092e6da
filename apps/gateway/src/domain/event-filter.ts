/** What GET /v1/audit selects by. Of a list any member matches, except tags, which all have to be there. Times: from ≤ timestamp < to. */
export interface EventFilter {
  eventType?: string[];
  severity?: string[];
  source?: string[];
  modelId?: string;
  integrationId?: string;
  from?: string;
  to?: string;
  tags?: string[];
}
