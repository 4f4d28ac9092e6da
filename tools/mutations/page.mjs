// The outcome of a run, as rows of the table in docs/crash-safety.md; those of rules that were not run stay.
import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- mutations -->';
const END = '<!-- /mutations -->';
const HEAD = ['| § 8 | taken out | outcome | the first test that fails |', '| --- | --- | --- | --- |'];

export function writeTable(page, rows) {
  const [before, rest] = readFileSync(page, 'utf8').split(BEGIN);
  const [table, after] = rest?.split(END) ?? [];
  if (after === undefined) throw new Error(`${page} has no ${BEGIN} and ${END}: put them where the table belongs.`);
  const run = new Set(rows.map(({ rule }) => rule));
  const standing = table.split('\n').filter((line) => /^\| \d/.test(line) && !run.has(ruleOf(line)));
  const lines = [...standing, ...rows.map(line)].sort((one, other) => ruleOf(one) - ruleOf(other));
  writeFileSync(page, `${before}${BEGIN}\n\n${[...HEAD, ...lines].join('\n')}\n\n${END}${after}`);
}

const ruleOf = (text) => text.split(' ')[1];
const line = ({ rule, without, verdict, by }) => `| ${rule} | ${without} | ${verdict} | ${by.replaceAll('|', '\\|')} |`;
