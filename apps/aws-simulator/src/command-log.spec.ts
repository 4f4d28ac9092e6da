import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandLog, LogUnusable } from './command-log';
import { removeFolder, tempFolder } from './testing/harness';

describe('the command log', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = tempFolder();
    path = join(folder, 'commands.ndjson');
    const log = CommandLog.open(folder);
    log.append({ clockTo: 10 }, 1);
    log.append({ commands: [{ type: 'setTags' }] }, 2);
    log.close();
  });
  afterEach(() => removeFolder(folder));

  it('gives back what was appended, and goes on numbering', () => {
    const log = CommandLog.open(folder);
    expect(log.entries).toEqual([
      { n: 0, at: 1, clockTo: 10 },
      { n: 1, at: 2, commands: [{ type: 'setTags' }] },
    ]);
    expect(log.append({ storyStarted: true }, 3).n).toBe(2);
    log.close();
  });

  it('cuts off a torn last line, wherever it was torn', () => {
    const whole = readFileSync(path);
    const torn = Buffer.from('{"n":2,"at":3,"storyStarted":true}');
    for (let length = 1; length <= torn.length; length += 1) {
      writeFileSync(path, Buffer.concat([whole, torn.subarray(0, length)]));
      CommandLog.open(folder).close();
      expect(readFileSync(path)).toEqual(whole);
    }
  });

  it.each([
    ['is no JSON', 'nonsense\n'],
    ['has the wrong number', '{"n":7,"at":3,"storyStarted":true}\n'],
    ['is no entry', 'null\n'],
  ])('refuses a folder in which a whole line %s, and leaves it as it is', (_, line) => {
    appendFileSync(path, line);
    const before = readFileSync(path);
    expect(() => CommandLog.open(folder)).toThrow(/^Line 3 of .* is not what this program wrote there\./);
    expect(readFileSync(path)).toEqual(before);
  });

  it('notices another process on its folder before it writes', () => {
    const [one, other] = [CommandLog.open(folder), CommandLog.open(folder)];
    one.append({ clockTo: 20 }, 3);
    expect(() => other.append({ clockTo: 30 }, 3)).toThrow(LogUnusable);
    one.close();
    other.close();
  });
});
