import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS } from './domain/commands';

const here = (path: string): string => readFileSync(join(__dirname, '..', path), 'utf8');
const readme = here('README.md');
const missing = (names: string[]): string[] => names.filter((name) => !readme.includes(name));

describe('the README', () => {
  it('names every command and each of its members', () => {
    const members = new Set(Object.values(COMMANDS).flatMap((kind) => kind.members));
    expect(missing([...Object.keys(COMMANDS), ...members].map((name) => `\`${name}\``))).toEqual([]);
  });

  it('names every setting, admin request and operation', () => {
    const settings = [...here('src/config.ts').matchAll(/(?:given|whole|oneOf|matching)\('([A-Z_]+)'/g)].map(
      (found) => found[1] as string,
    );
    const requests = [...here('src/admin.ts').matchAll(/'([A-Z]+ \/_admin\/[a-z/]+)'/g)].map(
      (found) => found[1] as string,
    );
    expect(settings.length).toBeGreaterThan(10);
    expect(requests.length).toBeGreaterThan(10);
    expect(missing([...settings, ...requests])).toEqual([]);
  });
});
