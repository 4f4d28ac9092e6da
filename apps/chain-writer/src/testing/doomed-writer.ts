import { setTimeout as delay } from 'node:timers/promises';
import type { RedactRequest, RotateKeyRequest, SealRequest } from '@audital/contracts';
import { eventually } from '@audital/testing';
import { WriterProcess, type WriterProcessOptions } from './writer-process';

const DEATH_LIMIT_MS = 20_000;

/** What a parent process asks for: `node doomed-writer.js '<json>'`. Each part that was acknowledged is told on stdout, as its number. */
export interface Doom {
  folder: string;
  options: WriterProcessOptions;
  parts: SealRequest[];
  /** Writes after which the first part's checkpoint is in its stream. */
  writesOfFirst: number;
  /** Asked for when all parts are under a checkpoint. */
  redaction?: RedactRequest;
  /** Asked for one after the other, then. */
  rotations?: RotateKeyRequest[];
}

async function main({ folder, options, parts, writesOfFirst, redaction, rotations }: Doom): Promise<void> {
  const own = await WriterProcess.start(folder, options);
  for (const [index, part] of parts.entries()) {
    // As the transport does: tried until it is sealed.
    await eventually(() => own.writer.seal(part).then(() => true), { what: 'The part', deadlineMs: 30_000 });
    process.stdout.write(`${index}\n`);
    await eventually(() => own.writes >= writesOfFirst * (index + 1), { what: 'The checkpoint of the part' });
  }
  if (redaction) await own.redactor.redact(redaction);
  for (const rotation of rotations ?? []) await own.rotation.rotate(rotation);
  // The last write may still be on its way to a server, and death comes after it.
  if (options.fault?.startsWith('dies')) await delay(DEATH_LIMIT_MS);
}

main(JSON.parse(process.argv[2] as string) as Doom).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
