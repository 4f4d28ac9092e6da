import { join } from 'node:path';
import type { Doom } from './doomed-writer';

/** Node's own warnings: of its SQLite, and of TLS to a server that has an address for a name. */
const WARNINGS = ['ExperimentalWarning', 'DEP0123'];

/** The arguments of a `node` that runs the writer as it is built. On stderr it says nothing but what went wrong. */
export function doomedWriter(doom: Doom): string[] {
  const script = join(__dirname, '..', '..', 'dist', 'testing', 'doomed-writer.js');
  return [...WARNINGS.map((warning) => `--disable-warning=${warning}`), script, JSON.stringify(doom)];
}
