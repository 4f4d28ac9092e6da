// One jest project for each workspace folder. AUDITAL_TEST_LEVEL picks the suffix: unit (.spec.ts and .property.spec.ts),
// integration (.int.spec.ts) or e2e (.e2e.spec.ts); without it a run takes unit and integration.
const { readFileSync, readdirSync, existsSync } = require('node:fs');
const { join } = require('node:path');

const swcrc = JSON.parse(readFileSync(join(__dirname, '.swcrc'), 'utf8'));
const patterns = {
  unit: [String.raw`/(?!.*\.(int|e2e)\.spec\.ts$)[^/]*\.spec\.ts$`],
  integration: [String.raw`\.int\.spec\.ts$`],
  e2e: [String.raw`\.e2e\.spec\.ts$`],
};
const level = process.env.AUDITAL_TEST_LEVEL;
const testRegex = level ? patterns[level] : [...patterns.unit, ...patterns.integration];

const folders = ['apps', 'libs']
  .flatMap((parent) => readdirSync(join(__dirname, parent)).map((name) => join(__dirname, parent, name)))
  .concat(join(__dirname, 'e2e'), join(__dirname, 'tools'))
  .filter((folder) => existsSync(folder));

module.exports = {
  // Long enough for a busy machine: a test that waits has a deadline of its own.
  testTimeout: 30_000,
  projects: folders.map((rootDir) => ({
    displayName: rootDir.slice(__dirname.length + 1),
    rootDir,
    testEnvironment: 'node',
    setupFiles: [require.resolve('reflect-metadata')],
    transform: { '^.+\\.ts$': ['@swc/jest', { ...swcrc, swcrc: false }] },
    moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
    testRegex,
    testPathIgnorePatterns: ['/node_modules/', '/dist/', '/out-tsc/'],
    modulePathIgnorePatterns: ['/dist/'],
    testEnvironmentOptions: {
      customExportConditions: ['@audital/source', 'node', 'node-addons', 'require', 'default'],
    },
  })),
};
