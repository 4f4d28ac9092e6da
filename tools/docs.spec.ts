import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type AuditEvent, type OrganisationId, SEVERITIES, subjects } from '@audital/contracts';
import { parse } from 'yaml';
import { errorPageMarkdown } from '../apps/gateway/src/domain/error-catalogue';
import { read, root } from './deployment';

const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

/** Where the links of a page lead that stay within the repository. */
const linksOf = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/.test(target));

describe('documentation', () => {
  it('has no link into nowhere', () => {
    expect(pages.length).toBeGreaterThan(10);
    const broken = pages.flatMap((page) =>
      linksOf(read(page))
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
    expect(linksOf('[a](b.md#c), [d](https://e), [f](../g)')).toEqual(['b.md', '../g']);
  });

  it('explains every error code: docs/errors.md is made of the catalogue', () => {
    // After a change of the catalogue: UPDATE_DOCS=1 npx jest tools/docs
    if (process.env['UPDATE_DOCS']) writeFileSync(join(root, 'docs/errors.md'), errorPageMarkdown());
    expect(read('docs/errors.md')).toBe(errorPageMarkdown());
  });
});

describe('docs/asyncapi.yaml', () => {
  interface Schema {
    required: string[];
    properties: Record<string, Schema & { enum?: string[] }>;
  }
  const document = parse(read('docs/asyncapi.yaml')) as {
    channels: Record<string, { address: string }>;
    components: { schemas: Record<string, Schema> };
  };
  /** The compiler refuses this table when a field of AuditEvent comes or goes. */
  const fields: Record<keyof AuditEvent, true> = {
    id: true,
    chainPosition: true,
    blockHash: true,
    previousHash: true,
    timestamp: true,
    eventType: true,
    source: true,
    severity: true,
    modelId: true,
    organisationId: true,
    integrationId: true,
    actor: true,
    payload: true,
    tags: true,
    observedAt: true,
    recordedAt: true,
    captureMode: true,
    verified: true,
    verification: true,
  };

  it('names the subjects that are published', () => {
    const organisationId = '{organisationId}' as OrganisationId;
    expect(Object.values(document.channels).map(({ address }) => address)).toEqual([
      subjects.audit(organisationId, '{source}', '{eventType}'),
      subjects.checkpoint(organisationId),
    ]);
  });

  it('has every field of the event, and no other', () => {
    const { AuditEvent: event } = document.components.schemas;
    expect(Object.keys(event?.properties ?? {}).sort()).toEqual(Object.keys(fields).sort());
    expect(event?.required.toSorted()).toEqual(Object.keys(fields).sort());
    expect(event?.properties['severity']?.enum).toEqual([...SEVERITIES]);
  });

  it('refers to what is there', () => {
    const references = [...read('docs/asyncapi.yaml').matchAll(/\$ref: '#\/([^']+)'/g)].map(
      ([, path]) => path as string,
    );
    expect(references.length).toBeGreaterThan(5);
    const found = (path: string): unknown =>
      path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
    expect(references.filter((path) => found(path) === undefined)).toEqual([]);
  });
});
