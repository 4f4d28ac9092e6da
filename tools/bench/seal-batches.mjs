// Seals batches and says so on stderr, in unbuffered lines, for whoever watches this process from outside.
// node seal-batches.mjs FOLDER BATCHES SIZE
import { writeSync } from 'node:fs';
import { observation, sealRequest } from './sample.mjs';
import { openWriter } from './writer.mjs';

const [folder, batches, size] = process.argv.slice(2);
const { writer, close } = await openWriter(folder);
await writer.seal(sealRequest([observation(0)]));
for (let batch = 0; batch < Number(batches); batch += 1) {
  const first = 1 + batch * Number(size);
  const requests = Array.from({ length: Number(size) }, (_, index) => sealRequest([observation(first + index)]));
  writeSync(2, 'batch begins\n');
  await Promise.all(requests.map((request) => writer.seal(request)));
  writeSync(2, 'batch answered\n');
}
await close();
