// `npm run check`: what one runs before a commit. Format, lint, types, unit and property tests.
import { runChecks, printSum } from './test-levels.mjs';

const sum = await runChecks();
printSum(sum);
process.exitCode = sum.failed === 0 ? 0 : 1;
