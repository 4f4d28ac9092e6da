// `npm test`: check, then integration tests with real servers, then the whole system. `--long` (npm run test:long) takes full counts.
import { printSum, runChecks, runLevel } from './test-levels.mjs';

const long = process.argv.includes('--long');
if (long) process.env.AUDITAL_LONG = '1';
else
  console.log(
    'A small share of the chaos, soak and million-event tests runs here, with the same seeds; npm run test:long takes them whole.',
  );

const sum = await runChecks();
if (sum.failed === 0) await runLevel('integration', sum);
if (sum.failed === 0) await runLevel('e2e', sum);
printSum(sum);
process.exitCode = sum.failed === 0 ? 0 : 1;
