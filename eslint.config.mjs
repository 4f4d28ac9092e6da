import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What is pure: domain folders and libs/chain. They may not wait, fail on I/O or vary from run to run. */
const impure = {
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          group: ['@nestjs/*', 'rxjs', 'nats', '@aws-sdk/*', '@smithy/*', '@eventstore/*'],
          allowTypeImports: true,
          message: 'Domain code imports no framework or driver (their types at most).',
        },
        {
          group: ['node:*', 'fs', 'path', 'http', '!node:crypto'],
          message: 'Domain code does no I/O (node:crypto at most).',
        },
        { group: ['**/adapters/**', '../adapters/*'], message: 'The domain knows no adapter.' },
        {
          group: ['@audital/ledger', '@audital/messaging', '@audital/service'],
          message: 'Domain code imports contracts and chain only.',
        },
      ],
    },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The time is an argument.' },
    {
      selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
      message: 'The time is an argument.',
    },
    {
      selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
      message: 'Randomness is an argument.',
    },
    {
      selector: "MemberExpression[object.name='process'][property.name='env']",
      message: 'Configuration is an argument.',
    },
  ],
};
const chainOnly = {
  '@typescript-eslint/no-restricted-imports': [
    'error',
    {
      patterns: [
        {
          group: ['node:*', '@*/*', 'fs', 'path', 'crypto'],
          message: 'libs/chain runs in browsers and depends on nothing.',
        },
      ],
    },
  ],
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/node_modules/**', '.nx/**', '**/*.mjs', '**/*.cjs', '**/*.js'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          enforceBuildableLibDependency: false,
          depConstraints: [
            { sourceTag: 'layer:domain', onlyDependOnLibsWithTags: ['layer:domain'] },
            { sourceTag: 'layer:adapter', onlyDependOnLibsWithTags: ['layer:domain', 'layer:adapter'] },
            { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['layer:domain', 'layer:adapter'] },
            { sourceTag: 'layer:test', onlyDependOnLibsWithTags: ['*'] },
          ],
        },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } }],
      'max-params': ['error', 4],
      'prefer-const': 'error',
      eqeqeq: ['error', 'always'],
    },
  },
  { files: ['**/domain/**/*.ts'], ignores: ['**/*.spec.ts'], rules: impure },
  {
    files: ['libs/chain/src/**/*.ts'],
    ignores: ['**/*.spec.ts', 'libs/chain/src/node/**'],
    rules: { ...impure, ...chainOnly },
  },
  {
    files: ['**/*.spec.ts', '**/*.spec-suite.ts', 'libs/testing/**/*.ts', 'apps/*/src/testing/**/*.ts'],
    rules: {
      // Tests may use libs/testing whatever their project's layer is.
      '@nx/enforce-module-boundaries': 'off',
      'max-params': 'off',
    },
  },
);
