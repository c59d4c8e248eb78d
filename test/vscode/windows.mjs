// `npm run trust -- windows`: what a window may meet besides edits and runs, in real windows and in a real extension
// host, and what the command line does on disks that are full. Exit code 1 where a test failed.
import { spawn } from 'node:child_process';
import { runVscodeSuite } from './run.mjs';

const files = ['e2e/windows.long', 'e2e/specialFiles.long', 'unit/cli/interrupts', 'unit/report/writeTrouble'];

const { passed, failed, skipped, failures } = await runVscodeSuite(['test/vscode/suite/windows.long.test.ts']);
for (const failure of failures) console.error(failure);
console.log(`\nIn the extension host: ${passed} passed, ${failed} failed, ${skipped} skipped\n`);
const args = ['--test', '--test-concurrency=1', ...files.map((file) => `out/test/${file}.test.mjs`)];
const code = await new Promise((resolve, reject) => {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  child.on('error', reject);
  child.on('close', (exitCode, signal) => resolve(exitCode ?? signal));
});
process.exitCode = failed > 0 || code !== 0 ? 1 : 0;
