import type { Command } from '../domain/commands';
import type { Json } from '../domain/json';

export interface Step {
  /** After the beginning of the story, by the account's clock. */
  offsetSeconds: number;
  title: string;
  commands: Command[];
  /** What must stand in the chain, once each, when this step has been played. Written by hand, never computed. */
  expected?: Expected[];
}

/** One audit event. */
export interface Expected {
  eventType: string;
  /** The name of what it is about. */
  resource: string;
  /** One sentence for people. */
  describes: string;
  /** Dotted paths into the event and the values there; together they fit one event only. */
  match: Record<string, Json>;
}

export interface Story {
  name: string;
  /** The account as it was before: commands with times in the past. */
  before: Command[];
  /** In order of time. */
  steps: Step[];
}

export const NO_STORY: Story = { name: 'none', before: [], steps: [] };

/** `2026-03-02-11-00-00`: how training jobs are usually told apart. */
export const stamp = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace(/[T:]/g, '-');
