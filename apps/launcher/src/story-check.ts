import type { AuditEvent, Json } from '@audital/contracts';
import { type Api, isPassing } from './api';
import { until } from './wait';

/** What the simulator says must be recorded: the story's own data, never computed by collector code. */
export interface Expected {
  step: number;
  eventType: string;
  resource: string;
  describes: string;
  /** Dotted paths into the event and the values that must stand there. */
  match: Record<string, Json>;
}

export interface Story {
  position: number;
  finished: boolean;
  steps: { index: number; title: string; done: boolean }[];
  expected: Expected[];
}

export interface Row {
  expected: Expected;
  found: AuditEvent[];
  seconds: number | null;
}

const STEP_DEADLINE_MS = 90_000;

/** How the simulator is told to go on. `after` makes a repetition harmless: it plays the step that follows, once. */
export interface Simulator {
  story(): Promise<Story>;
  next(after: number): Promise<{ position: number; finished: boolean }>;
}

/** Plays the story step by step; each step is polled, and what it must leave behind is waited for, before the next begins. */
export async function playStory(o: {
  api: Api;
  simulator: Simulator;
  integrationId: string;
  say: (line: string) => void;
}): Promise<Row[]> {
  const passing = isPassing;
  let story = await until(() => o.simulator.story(), {
    deadlineMs: STEP_DEADLINE_MS,
    everyMs: 100,
    passing,
    what: 'An answer of the simulator',
  });
  const rows = story.expected.map((expected): Row => ({ expected, found: [], seconds: null }));
  while (!story.finished) {
    const step = story.steps[story.position];
    o.say(`step ${story.position + 1}/${story.steps.length}: ${step?.title ?? ''}`);
    const before = story.position;
    await until(() => o.simulator.next(before), {
      deadlineMs: STEP_DEADLINE_MS,
      everyMs: 100,
      passing,
      what: `Step ${before + 1} of the story`,
    });
    const startedAt = Date.now();
    const due = rows.filter((row) => row.expected.step <= before);
    await polled(o, due, startedAt);
    story = await until(() => o.simulator.story(), {
      deadlineMs: STEP_DEADLINE_MS,
      everyMs: 100,
      passing,
      what: 'An answer of the simulator',
    });
  }
  return rows;
}

/** One poll at least, then until every row that is due is there and verified; asked for again every 2 s, in case a poll was lost. */
async function polled(o: { api: Api; integrationId: string }, due: Row[], startedAt: number): Promise<void> {
  let askedAt = 0;
  let polledSince = '';
  await until(
    async () => {
      if (Date.now() - askedAt > 2_000) {
        askedAt = Date.now();
        const { lastPolledAt } = await o.api.integration(o.integrationId);
        polledSince ||= lastPolledAt ?? '-';
        await o.api.sync(o.integrationId);
      }
      const [events, { lastPolledAt }] = await Promise.all([o.api.eventsAfter(-1), o.api.integration(o.integrationId)]);
      fill(due, events, startedAt);
      const complete = due.every((row) => row.found.length > 0 && row.found.every((event) => event.verified));
      return complete && (lastPolledAt ?? '-') !== polledSince ? true : null;
    },
    { deadlineMs: STEP_DEADLINE_MS, everyMs: 50, passing: isPassing, what: 'What this step must leave in the chain' },
  ).catch((error: unknown) => {
    // The table says what is missing; only a refusal ends the check.
    if (!(error instanceof Error) || !/did not happen/.test(error.message)) throw error;
  });
}

export function fill(rows: Row[], events: AuditEvent[], startedAt: number): void {
  for (const row of rows) {
    row.found = events.filter((event) => matches(row.expected, event));
    if (row.found.length > 0 && row.seconds === null) row.seconds = (Date.now() - startedAt) / 1000;
  }
}

export function matches(expected: Expected, event: AuditEvent): boolean {
  if (event.eventType !== expected.eventType) return false;
  return Object.entries(expected.match).every(([path, value]) => {
    const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | null)?.[key], event);
    return JSON.stringify(found) === JSON.stringify(value);
  });
}

/** Events of the story's types that no row expects: something was invented, or recorded twice under another face. */
export function unexpected(rows: Row[], events: AuditEvent[]): AuditEvent[] {
  const types = new Set(rows.map((row) => row.expected.eventType));
  const known = new Set(rows.flatMap((row) => row.found.map((event) => event.id)));
  return events.filter((event) => types.has(event.eventType) && !known.has(event.id));
}

export function table(rows: Row[]): string {
  const lines = rows.map((row) => {
    const verified = row.found.filter((event) => event.verified).length;
    const ok = row.found.length === 1 && verified === 1 ? 'ok ' : 'NOT';
    return [
      ok,
      row.expected.eventType.padEnd(20),
      row.expected.describes.padEnd(62),
      row.found.length,
      verified,
      row.seconds?.toFixed(1) ?? '-',
    ].join('  ');
  });
  return [`     ${'event'.padEnd(20)}  ${'expected'.padEnd(62)}  found  verified  seconds`, ...lines].join('\n');
}

export const isComplete = (rows: Row[]): boolean =>
  rows.length > 0 && rows.every((row) => row.found.length === 1 && row.found[0]?.verified === true);
