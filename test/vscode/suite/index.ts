// What the extension host runs: every `*.test.js` beside this file.
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';

export type SuiteResult = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of each failed test its name and why it failed. */
  readonly failures: readonly string[];
};

/**
 * Entry that VS Code calls (--extensionTestsPath). Rejects when a test failed; counts go to the file named in
 * RNN_GRADIENTS_TEST_RESULT.
 * RNN_GRADIENTS_TEST_GREP runs only the tests whose full names match, RNN_GRADIENTS_TEST_FILES only these files (as
 * they are named in the project).
 */
export async function run(): Promise<void> {
  // Imported here, not above: mocha is an ES module, and this bundle is what VS Code requires.
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', timeout: 300_000, color: false });
  // The oldest supported VS Code runs Node 20, whose node:fs has no globSync.
  const wanted = (process.env['RNN_GRADIENTS_TEST_FILES'] ?? '')
    .split(',')
    .filter(Boolean)
    .map((file) => path.basename(file, '.ts'));
  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js') && (wanted.length === 0 || wanted.includes(path.basename(file, '.js'))))
    .sort();
  const only = process.env['RNN_GRADIENTS_TEST_GREP'];
  if (only !== undefined) mocha.grep(new RegExp(only));
  for (const file of files) mocha.addFile(path.join(__dirname, file));
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] as string[] };
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pass', () => counts.passed++)
      .on('fail', (test, error: Error) => {
        counts.failed++;
        counts.failures.push(
          `${test.fullTitle()}\n    ${(error.stack ?? String(error)).split('\n').slice(0, 12).join('\n    ')}`,
        );
      })
      .on('pending', () => counts.skipped++);
  });
  const resultFile = process.env['RNN_GRADIENTS_TEST_RESULT'];
  if (resultFile !== undefined) await writeFile(resultFile, JSON.stringify(counts satisfies SuiteResult));
  if (counts.failed > 0) throw new Error(`${counts.failed} of the tests in VS Code failed`);
  if (counts.passed === 0) throw new Error('no test ran in VS Code');
}
