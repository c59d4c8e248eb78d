// Entry of `npm test`: brings the packages and Node 24, then hands over to runSuites.mjs, which needs both.
import { ensureModules, underNode24 } from './modules.mjs';

try {
  ensureModules();
  await underNode24();
  const { test } = await import('./runSuites.mjs');
  const code = await test(process.argv.slice(2));
  // Whatever a suite left open (a watcher, a socket) must not keep the run from ending once its last line is out.
  process.stdout.write('', () => process.exit(code));
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
