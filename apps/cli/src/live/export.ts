import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Command, EXIT, UsageError, wholeNumber } from '../command';
import { findGateway, GATEWAY_HELP, GATEWAY_OPTIONS } from '../gateway-client';
import { download, resumptionOf } from './download';

export const exportCommand: Command = {
  summary: 'Fetch the whole chain into a folder that anyone can verify',
  help: `audital export FOLDER [options]

Makes FOLDER with events.ndjson (the exact bytes of every record, payload and salt, and a signed trailer), verify.mjs (checks it with Node alone)
and README.txt. Run it again after an interruption: it goes on where it was cut.

  --from N               the first position (default 0); a part verifies with the caveat that it is one
${GATEWAY_HELP}`,
  options: { ...GATEWAY_OPTIONS, from: { type: 'string' } },
  async run({ values, targets, terminal }) {
    const [folder, ...more] = targets;
    if (folder === undefined || more.length > 0) throw new UsageError('Name one folder to export into.');
    const gateway = findGateway(values);
    const path = join(folder, 'events.ndjson');
    mkdirSync(folder, { recursive: true });
    if (existsSync(path) && resumptionOf(path).isWhole)
      throw new UsageError(`${path} is a whole export already: name another folder, or remove it.`);
    const startedAt = Date.now();
    let bytes = 0;
    await download(gateway, path, { from: wholeNumber('from', values['from'], 0), onBytes: (all) => (bytes = all) });
    copyFileSync(join(__dirname, '..', '..', 'verify.mjs'), join(folder, 'verify.mjs'));
    writeFileSync(join(folder, 'README.txt'), README);
    const told = { folder: resolve(folder), bytes, seconds: (Date.now() - startedAt) / 1000 };
    if (terminal.json) terminal.object(told);
    else
      terminal.line(
        `${folder}: ${Math.ceil(bytes / 1024)} KiB in ${told.seconds.toFixed(1)} s. Verify: audital verify ${folder} --vkey KEY`,
      );
    return EXIT.ok;
  },
};

const README = `This folder is an export of an Audital chain.

  events.ndjson   one line for each event: the exact bytes of its record and payload; the last line is a trailer with a signed checkpoint
  verify.mjs      checks it; needs Node 18 or newer and nothing else

  node verify.mjs events.ndjson --vkey KEY

KEY is the public key of the log. Take it from a source you trust, not from whoever gave you this folder; without it the result is UNPINNED: the
file agrees with itself, and nothing is shown about who wrote it. You may have verify.mjs from elsewhere too: it is the same in every export.
`;
