import { count } from './statistics.mjs';

export function printResult(result, about) {
  if (result.error) return;
  const { name, seconds, columns, rows, calibration, notes, marks } = result;
  const lines = [``, `${name}: ${about} (${seconds.toFixed(0)} s)`, ...table([columns, ...rows])];
  if (calibration) lines.push(`  this machine meanwhile: ${machineText(calibration)}`);
  lines.push(...notes.map((note) => `  ${note}`));
  for (const { what, wanted, found, reached } of marks)
    lines.push(`  ${reached ? 'reached' : 'MISSED '}  ${what}: ${found} (wanted ${wanted})`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

const machineText = ({ fsyncPerSecond, sha256PerSecond, jsonPerSecond }) =>
  `${count(fsyncPerSecond)} fsync/s, ${count(sha256PerSecond)} SHA-256/s of 1.1 KB, ${count(jsonPerSecond)} JSON.stringify/s of an event`;

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  const cells = (row) => row.map((cell, column) => cell.padStart(widths[column] + cell.length - [...cell].length));
  return rows.map((row) => `  ${cells(row).join('   ')}`);
}
