import type { EventView } from './event-view';

export interface ModelView {
  id: string;
  /** The rule that named it, and the name; null when its registration cannot be read. */
  identity: { rule: string; value: string | null } | null;
  registeredAt: string | null;
  firstEventAt: string | null;
  lastEventAt: string | null;
  events: number;
}

export function modelView(
  row: { modelId: string; events: number },
  events: { first: EventView | undefined; last: EventView | undefined; registration: EventView | undefined },
): ModelView {
  const { rule, value } = events.registration?.payload ?? {};
  const identity = typeof rule === 'string' ? { rule, value: typeof value === 'string' ? value : null } : null;
  return {
    id: row.modelId,
    identity,
    registeredAt: events.registration?.recordedAt ?? null,
    firstEventAt: events.first?.timestamp ?? null,
    lastEventAt: events.last?.timestamp ?? null,
    events: row.events,
  };
}
