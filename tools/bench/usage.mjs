// Imported before a program that is measured: writes at its end what it has used, all threads together.
import { writeFileSync } from 'node:fs';

process.once('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const used = { cpuMs: (userCPUTime + systemCPUTime) / 1000, rssBytes: maxRSS * 1024 };
  writeFileSync(process.env.BENCH_USAGE_FILE, JSON.stringify(used));
});
