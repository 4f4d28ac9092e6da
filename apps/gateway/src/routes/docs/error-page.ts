import type { CatalogueEntry } from '../../domain/error-catalogue';
import { errorAnchor } from '../../domain/error-catalogue';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
/** Backticks mark code in the catalogue's texts. */
const inline = (text: string): string => escape(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>');

/** The error codes as one readable page, which loads nothing from anywhere. */
export function errorPageHtml(catalogue: Record<string, CatalogueEntry>): string {
  const sections = Object.entries(catalogue).map(
    ([code, { status, title, cause, remedy }]) =>
      `<section id="${errorAnchor(code)}"><h2>${code}</h2><p><strong>${status}: ${inline(title)}.</strong> ${inline(cause)}</p><p>What to do: ${inline(remedy)}</p></section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Audital: error codes</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}h2{font:600 1.1rem ui-monospace,monospace;margin-top:2rem}section:target{outline:2px solid;outline-offset:.5rem}</style>
</head><body><h1>Error codes</h1><p><a href="/docs">API documentation</a></p>
${sections.join('\n')}
</body></html>
`;
}
