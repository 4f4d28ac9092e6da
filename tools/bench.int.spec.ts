import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..');
const bench = join(root, 'tools/bench.mjs');
const names = execFileSync(process.execPath, [bench, '--list'], { encoding: 'utf8' }).trim().split('\n');

interface Result {
  name: string;
  error?: string;
  seconds: number;
  columns: string[];
  rows: string[][];
  marks: { what: string; wanted: string; found: string; reached: boolean }[];
  raw: Record<string, unknown>;
}

const leftBehind = (): string[] => readdirSync(root).filter((name) => name.startsWith('.bench-'));

describe('npm run bench', () => {
  // Whether it works and what it prints; how fast this machine is, a test cannot know.
  it.each(names)(
    '%s, in its quick form, prints a whole table, its marks and the raw data',
    (name) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [bench, name, '--quick', '--json'], {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      });
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: '' });
      const { v, machine, results } = JSON.parse(stdout) as { v: number; machine: object; results: Result[] };
      expect([v, Object.keys(machine).sort()]).toEqual([1, ['cores', 'cpu', 'kernel', 'node']]);
      expect(results).toHaveLength(1);
      const [result] = results as [Result];
      expect(result.name).toBe(name);
      expect(result.rows.length).toBeGreaterThan(0);
      for (const row of result.rows) {
        expect(row).toHaveLength(result.columns.length);
        expect(row.join(' ')).not.toMatch(/NaN|undefined|Infinity/);
      }
      for (const mark of result.marks)
        expect(mark).toEqual({
          what: expect.any(String),
          wanted: expect.any(String),
          found: expect.not.stringMatching(/NaN|undefined/),
          reached: expect.any(Boolean),
        });
      expect(JSON.stringify(result.raw).length).toBeGreaterThan(50);
    },
    180_000,
  );

  it('says what it has, refuses what it has not, and leaves nothing behind', () => {
    const wrong = spawnSync(process.execPath, [bench, 'speed'], { encoding: 'utf8' });
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/no bench speed/);
    for (const name of names) expect(wrong.stderr).toContain(name);
    expect(leftBehind()).toEqual([]);
  });
});
