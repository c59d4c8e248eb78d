import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import { circleRule, roomRule } from './build/rooms.mjs';

export default tseslint.config(
  // The kernels are AssemblyScript: not TypeScript to a parser (decorators on functions) nor to its types (i32, v128);
  // asc checks them.
  {
    ignores: [
      'dist/',
      'out/',
      'node_modules/',
      '.vscode-test/',
      'src/engine/kernels/',
      'src/config/json/kernels/',
      'test/bench/kernels/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { house: { rules: { rooms: roomRule, circles: circleRule } } },
    rules: {
      'house/rooms': 'error',
      'house/circles': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // There is no enum, and to look for one the type of every expression is asked for.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // Message tables are maps from a name to types; a type keeps them closed, an interface would be open to merging.
      '@typescript-eslint/consistent-type-definitions': 'off',
      eqeqeq: 'error',
    },
  },
  {
    // Only the page and what stands behind it in a report or a notebook have a document; the rest runs in Node threads.
    files: ['src/**/*.ts'],
    ignores: ['src/report/reportPage.ts', 'src/notebook/renderer.ts', 'src/notebook/outputFrame.ts'],
    rules: { 'no-restricted-globals': ['error', 'document', 'window', 'navigator', 'localStorage', 'HTMLElement'] },
  },
  {
    // What lies below the protocol may not import it, and has no use for it.
    files: ['src/**/*.ts', 'webview/**/*.ts'],
    ignores: ['src/protocol/errorMessage.ts', 'src/engine/**', 'src/config/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ConditionalExpression[test.operator="instanceof"][alternate.callee.name="String"]',
          message: 'errorMessage and errorStack of src/protocol say what was thrown.',
        },
        {
          selector:
            'CallExpression[callee.property.name="catch"][arguments.0.body.type="Identifier"]' +
            '[callee.object.callee.property.name=/^(run|chooseLayer)$/]',
          message: 'Who waits for no run calls begin() of its session, which logs and shows what fails.',
        },
      ],
    },
  },
  {
    // Loops over typed arrays stay inside bounds that the tensor shapes prove, or the length of a file, and readers ask
    // for what their own checks have found; `a[i]!` says so without a branch that no file can take, which
    // `npm run coverage` would count.
    files: ['src/engine/**/*.ts', 'src/config/**/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // node:test's describe and it return promises that the runner itself awaits.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['describe', 'it', 'test', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
  {
    // VS Code in a browser loads an extension under .js alone.
    files: ['**/*.cjs', 'test/fixtures/asker/asker.js'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: Object.fromEntries(
        ['process', 'require', 'setInterval', '__filename'].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'Buffer',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'fetch',
          'performance',
          'document',
          'window',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
